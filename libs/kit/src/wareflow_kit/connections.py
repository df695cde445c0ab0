"""Connections that are too slow, too large or too many: each is told so where HTTP can say it.

uvicorn's own protocol waits for ever for the rest of a request's head, keeps a head of any size,
and has no bound on what it holds for a client that does not read.
"""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

import httptools
from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from wareflow_kit.jsons import to_json

REFUSED = Counter(
    "http_connections_refused_total", "Connections that were ended, and why", ["reason"]
)
_LINGER = 1.0
"""Seconds that a refused client has to read why: closed at once, its own data would undo it."""
_WASTED = 262_144
"""Bytes of a body that are still taken in when the answer is out."""
_SAMPLE = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may ask of a process, and all of them together."""

    connections: int = 1000
    patience: float = 10
    """Seconds for a head, and for the first bytes of a body or of a reader."""
    slowest: int = 16_384
    """Bytes per second that are expected beyond that, in either direction."""
    url: int = 8_192
    head: int = 32_768
    headers: int = 150
    body: int = 1_048_576
    """Up to here a body is taken to lie in memory; a larger one is on its way to a file."""
    held: int = 268_435_456
    """Bytes of unfinished bodies and unread answers of all connections together."""


@dataclass(frozen=True, slots=True)
class _Reason:
    status: HTTPStatus
    slug: str
    detail: str


_BAD = _Reason(HTTPStatus.BAD_REQUEST, "bad-request", "This is not a request of HTTP/1.1.")
_SLOW = _Reason(HTTPStatus.REQUEST_TIMEOUT, "request-timeout", "The request came too slowly.")
_URL = _Reason(HTTPStatus.REQUEST_URI_TOO_LONG, "uri-too-long", "The address is too long.")
_HEAD = _Reason(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers-too-large", "The headers are too large."
)
_FULL = _Reason(
    HTTPStatus.SERVICE_UNAVAILABLE, "too-many-connections", "Too many connections just now."
)


class _Refused(Exception):
    """Stops the parser."""


class Connection(HttpToolsProtocol):
    """One client's connection, watched."""

    LIMITS: ClassVar[Limits] = Limits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)
        self._since = self.loop.time()
        """Since when it is receiving what is not complete yet, or has nothing to do."""
        self._receiving = True
        self._in_head = False
        self._refused = False
        self._chunk = self._got = self._body = self._wasted = 0
        self._unread: tuple[float, int] | None = None
        over = len(self.connections) - self.LIMITS.connections
        if over > self.LIMITS.connections / 4:  # even those that are being refused are too many
            self.drop("too-many-connections")
        elif over > 0:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._unset_keepalive_if_required()
        self._chunk = len(data)
        self._got += self._chunk
        try:
            self.parser.feed_data(data)  # pyright: ignore[reportOptionalMemberAccess]
        except httptools.HttpParserUpgrade:
            pass  # nobody here speaks anything else; the request is answered as it is
        except httptools.HttpParserError:
            self._refuse(_BAD)
        else:
            self._weigh()

    def _weigh(self) -> None:
        """What only the connection sees: a head without an end, and trailers without one."""
        limits = self.LIMITS
        if self._in_head:
            if self._got > limits.head:
                self._refuse(_HEAD)
        elif self._receiving:
            trailers = len(self.headers) > limits.headers
            if trailers or self._got - 8 * self._body > 2 * limits.head:
                self._refuse(_HEAD)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._since = self.loop.time()
        self._in_head = self._receiving = True
        self._got, self._body = self._chunk, 0

    def on_headers_complete(self) -> None:
        limits = self.LIMITS
        if len(self.url) > limits.url:
            self._refuse(_URL)
        elif len(self.headers) > limits.headers or (
            self._got > limits.head and _size(self.headers) > limits.head
        ):
            self._refuse(_HEAD)
        if self._refused:
            raise _Refused
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        if self.cycle.response_complete:
            self._wasted += len(body)
            if self._wasted > _WASTED:
                self._linger()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._receiving = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if not self._receiving:
            self._since = self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        self._unread = None
        super().resume_writing()

    def look(self, now: float) -> int:
        """Give up on a client that keeps us waiting; the bytes that are held for it."""
        if self._refused or self.transport.is_closing():
            return self._unread_bytes(now)
        if self.flow.read_paused:  # we are the slow ones
            self._since, self._got = now, 0
        elif self._receiving and now - self._since > self._allowed:
            if self._got:
                self._refuse(_SLOW)
            else:  # a browser may connect before it has anything to ask
                self.drop("idle")
        received = self._got if self._receiving and self._got <= self.LIMITS.body else 0
        return received + self._unread_bytes(now)

    @property
    def _allowed(self) -> float:
        limits = self.LIMITS
        return limits.patience + (0 if self._in_head else self._got / limits.slowest)

    def _unread_bytes(self, now: float) -> int:
        limits = self.LIMITS
        size = self.transport.get_write_buffer_size()
        if not size:
            self._unread = None
        elif self._unread is None:
            self._unread = (now, size)
        else:
            since, first = self._unread
            if now - since > limits.patience + first / limits.slowest:
                self.drop("slow-reader")
        return size

    def drop(self, reason: str) -> None:
        """End it at once."""
        REFUSED.labels(reason).inc()
        self._refused = True
        self.transport.abort()

    @property
    def waits_since(self) -> float | None:
        """Since when it has been waiting for its client; None while we are at work for it."""
        if self._refused or not (self._receiving or self.cycle.response_complete):
            return None
        return self._since

    def _make_room(self) -> None:
        """End the one of a few others that has waited longest for its client; else this one."""
        others: list[Any] = random.sample(tuple(self.connections), _SAMPLE)
        waiting = [
            (other.waits_since, id(other), other)
            for other in others
            if other is not self and other.waits_since is not None
        ]
        chosen: Connection = min(waiting)[2] if waiting else self
        chosen._refuse(_FULL)

    @property
    def _answering(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete

    def _refuse(self, reason: _Reason) -> None:
        if self._refused or self.transport.is_closing():
            return
        REFUSED.labels(reason.slug).inc()
        if self._answering and (self._in_head or self.cycle.response_started):
            self._refused = True
            self.transport.abort()  # the answer to an earlier request is under way
            return
        self.transport.write(_document(reason))
        self._linger()

    def _linger(self) -> None:
        """Nothing more is sent, and what comes in is not looked at any more."""
        self._refused = True
        self._unset_keepalive_if_required()
        if self._answering:  # whoever waits for the rest of the body is told that it will not come
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        _ = self.loop.call_later(_LINGER, self.transport.close)


def watch(connections: Iterable[Any], *, now: float, limits: Limits) -> None:
    """Look at all of them; of those that hold most, end as many as it takes to be within bounds."""
    held = [(each.look(now), id(each), each) for each in list(connections)]
    total = sum(size for size, _, _ in held)
    while total > limits.held:
        size, _, largest = max(held)
        held.remove((size, id(largest), largest))
        largest.drop("memory")
        total -= size


def watched(limits: Limits) -> type[Connection]:
    """The protocol with these limits."""
    return type("Connection", (Connection,), {"LIMITS": limits})


def _size(headers: Iterable[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers)


def _document(reason: _Reason) -> bytes:
    title = reason.slug.replace("-", " ").capitalize()
    problem = {
        "type": f"/problems/{reason.slug}",
        "title": title,
        "status": int(reason.status),
        "detail": reason.detail,
    }
    body = to_json(problem)
    again = b"retry-after: 1\r\n" if reason.status is HTTPStatus.SERVICE_UNAVAILABLE else b""
    return b"".join(
        (
            STATUS_LINE[reason.status],
            b"content-type: application/problem+json\r\n",
            b"content-length: %d\r\n" % len(body),
            again,
            b"connection: close\r\n\r\n",
            body,
        )
    )
