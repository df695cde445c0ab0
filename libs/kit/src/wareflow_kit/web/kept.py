"""Public answers are kept for a moment and given out again: a shared cache at our own door.

It follows HTTP's own rules for one (RFC 9111): what may be kept, and for how long, the answer says
itself by `Cache-Control: public, max-age=...`; whoever shows a token is never given a kept answer;
`Cache-Control: no-cache` asks past it; `Age` says how old an answer is; and a change that came
through the same door makes it forget everything (section 4.4), so that whoever changed something
sees it. What changes behind its back, by an event or in another process, shows after `seconds`.
"""

import re
import time
from dataclasses import dataclass

from prometheus_client import Counter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wareflow_kit.web.caching import names
from wareflow_kit.web.context import ROUTE, route_of

ANSWERS = Counter("http_kept_answers_total", "Answers that may be kept", ["service", "result"])

_MOST_BYTES = 32 * 1024 * 1024
_LARGEST = 1024 * 1024
_OVERHEAD = 1024
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PAST = re.compile(rb"no-cache|no-store")
_MAX_AGE = re.compile(rb"\bmax-age=(\d+)")
_PUBLIC = re.compile(rb"\bpublic\b")
_OUR_OWN = frozenset({b"authorization", b"origin"})
"""What an answer may vary by: without the first one only is anything kept, and the second is read
by a layer above this one."""

_Key = tuple[str, bytes]
_Pair = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A whole answer."""

    at: float
    until: float
    route: str
    headers: list[_Pair]
    body: bytes
    etag: bytes
    bare: list[_Pair]
    """The headers of a 304."""
    size: int
    """In bytes, with its key."""


class KeptAnswers:
    """Pure ASGI; keeps at most 32 MiB, the oldest go first."""

    def __init__(self, app: ASGIApp, *, service: str, seconds: float) -> None:
        self._app = app
        self._seconds = seconds
        self._kept: dict[_Key, _Kept] = {}
        self._bytes = 0
        self._changes = 0
        """How often something was changed: an answer that was begun before is not kept."""
        self._hit = ANSWERS.labels(service, "kept")
        self._miss = ANSWERS.labels(service, "made")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, or let the app answer and keep that."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "GET":
            await self._read(scope, receive, send)
        elif scope["method"] in _SAFE:
            await self._app(scope, receive, send)
        else:
            await self._change(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        known, fresh = b"", True
        for name, value in scope["headers"]:
            if name == b"authorization":
                await self._app(scope, receive, send)
                return
            if name == b"if-none-match":
                known = value
            elif name == b"cache-control" and _PAST.search(value):
                fresh = False
        key = (scope["path"], scope["query_string"])
        kept = self._kept.get(key) if fresh else None
        if kept is None or kept.until <= time.monotonic():
            # The whole answer is asked for, to be kept for those who do not have it either.
            scope["headers"] = [one for one in scope["headers"] if one[0] != b"if-none-match"]
            await self._app(scope, receive, _Noting(self, scope, key, known, send))
        else:
            self._hit.inc()
            scope[ROUTE] = kept.route
            await _give(kept, known, send)

    async def _change(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                self._forget()  # before anybody hears that it is done
            await send(message)

        await self._app(scope, receive, watched)

    def _forget(self) -> None:
        self._changes += 1
        self._kept.clear()
        self._bytes = 0

    @property
    def changes(self) -> int:
        """Read when an answer is begun."""
        return self._changes

    def keep(
        self, key: _Key, scope: Scope, headers: list[_Pair], body: bytes, *, since: int
    ) -> None:
        """Keep an answer for as long as it says, but for `seconds` at most."""
        seconds = min(self._seconds, _seconds_of(headers))
        if seconds <= 0 or since != self._changes or len(body) > _LARGEST:
            return
        self._miss.inc()
        self._drop(key)
        size = _OVERHEAD + len(key[0]) + len(key[1]) + len(body)
        while self._kept and self._bytes + size > _MOST_BYTES:
            self._drop(next(iter(self._kept)))
        now = time.monotonic()
        etag, bare = _etag_of(headers), _bare(headers)
        route = route_of(scope)
        self._kept[key] = _Kept(now, now + seconds, route, headers, body, etag, bare, size)
        self._bytes += size

    def _drop(self, key: _Key) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= gone.size


class _Noting:
    """Passes an answer on, and hands it over to be kept when it was a whole 200.

    To a client that has it already it is passed on as 304.
    """

    def __init__(
        self, keeper: KeptAnswers, scope: Scope, key: _Key, known: bytes, send: Send
    ) -> None:
        self._keeper = keeper
        self._scope = scope
        self._key = key
        self._known = known
        self._send = send
        self._since = keeper.changes
        self._headers: list[_Pair] | None = None
        self._is_known = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] == 200:
                self._headers = headers = list(message["headers"])
                self._is_known = _knows(self._known, _etag_of(headers))
                if self._is_known:
                    message = {**message, "status": 304, "headers": _bare(headers)}
        else:
            if self._headers is not None:
                headers, self._headers = self._headers, None
                if not message.get("more_body"):
                    body = message.get("body", b"")
                    self._keeper.keep(self._key, self._scope, headers, body, since=self._since)
            if self._is_known:
                message = {**message, "body": b""}
        await self._send(message)


async def _give(kept: _Kept, known: bytes, send: Send) -> None:
    age = (b"age", b"%d" % (time.monotonic() - kept.at))
    if _knows(known, kept.etag):
        start, body = {"status": 304, "headers": [*kept.bare, age]}, b""
    else:
        start, body = {"status": 200, "headers": [*kept.headers, age]}, kept.body
    await send({"type": "http.response.start", **start})
    await send({"type": "http.response.body", "body": body})


def _knows(known: bytes, etag: bytes) -> bool:
    """Whether the client has what this is the tag of."""
    return bool(known and etag) and names(known.decode("latin-1"), etag.decode("latin-1"))


def _etag_of(headers: list[_Pair]) -> bytes:
    return next((value for name, value in headers if name == b"etag"), b"")


def _bare(headers: list[_Pair]) -> list[_Pair]:
    """The headers of a 304."""
    return [one for one in headers if one[0] not in (b"content-length", b"content-type")]


def _seconds_of(headers: list[_Pair]) -> float:
    """For how long an answer may be kept, by its own word; 0 if it says nothing."""
    found = Headers(raw=headers)
    control = found.get("cache-control", "").encode()
    varies = {name.strip().encode() for name in found.get("vary", "").lower().split(",")} - {b""}
    age = _MAX_AGE.search(control)
    if age is None or not _PUBLIC.search(control) or varies - _OUR_OWN or "set-cookie" in found:
        return 0
    return float(age[1])
