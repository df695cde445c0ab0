"""A lean HTTP/1.1 client: keeps its connection, parses in C, and is not what bounds a measure."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httptools
import orjson


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    etag: str | None

    def json(self) -> Any:
        """The body, decoded."""
        return orjson.loads(self.body)


class Lost(ConnectionError):
    """The connection ended before the answer did."""


def request(
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    json: object = None,
    form: str | None = None,
) -> bytes:
    """A request as it goes over the wire."""
    fields = {"Host": "shop", **(headers or {})}
    body = b""
    if form is not None:
        body = form.encode()
        fields["Content-Type"] = "application/x-www-form-urlencoded"
    elif json is not None:
        body = orjson.dumps(json)
        fields["Content-Type"] = "application/json"
    if body or method != "GET":
        fields["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


class Connection:
    """One keep-alive connection to one address, a request at a time."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80
        self._wire: _Wire | None = None

    async def ask(self, sent: bytes) -> Answer:
        """The answer to a request. Connects when it has to; `Lost` if that breaks meanwhile."""
        if self._wire is None or self._wire.closed:
            loop = asyncio.get_running_loop()
            _, self._wire = await loop.create_connection(_Wire, self._host, self._port)
        return await self._wire.ask(sent)

    def close(self) -> None:
        """Hang up."""
        if self._wire is not None:
            self._wire.close()


class _Wire(asyncio.Protocol):
    """A connection's bytes, and the answer they make up."""

    def __init__(self) -> None:
        self.closed = False
        self._transport: Any = None
        self._parser: Any = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._body: list[bytes] = []
        self._etag: str | None = None

    def ask(self, sent: bytes) -> asyncio.Future[Answer]:
        self._parser = httptools.HttpResponseParser(self)
        self._body, self._etag = [], None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(sent)
        return self._waiting

    def close(self) -> None:
        self.closed = True
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Lost(str(exc or "closed by the server")))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        if name.lower() == b"etag":
            self._etag = value.decode()

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        assert self._waiting is not None
        status: int = self._parser.get_status_code()
        if not self._waiting.done():
            self._waiting.set_result(Answer(status, b"".join(self._body), self._etag))
