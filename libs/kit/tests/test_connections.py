"""Slow, large and many: each client is told, and the others do not notice."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client import REGISTRY
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from wareflow_kit.connections import Limits
from wareflow_kit.serving import Server
from wareflow_kit.web.limits import client_of

LIMITS = Limits(patience=1, slowest=1000, url=2000, head=4000, headers=40, body=50_000)
FEW = Limits(connections=20)
LARGE = b"x" * 12_000_000
"""More than the buffers of two sockets hold."""


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the size of the body, with much, or late."""
    request = Request(scope, receive)
    answer: Response
    match request.url.path:
        case "/large":
            answer = Response(LARGE)
        case "/early":
            answer = PlainTextResponse("no", status_code=413)
        case "/late":
            await asyncio.sleep(3)
            answer = PlainTextResponse("late")
        case "/who":
            answer = PlainTextResponse(client_of(request))
        case _:
            answer = PlainTextResponse(str(len(await request.body())))
    await answer(scope, receive, send)


@asynccontextmanager
async def serving(limits: Limits, **config: Any) -> AsyncGenerator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = Server(app, limits=limits, lifespan="off", timeout_graceful_shutdown=1, **config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        yield listening.getsockname()[1]
        server.should_exit = True
        await task


@pytest.fixture(scope="module")
async def port() -> AsyncGenerator[int]:
    async with serving(LIMITS) as port:
        yield port


Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def wire(port: int) -> AsyncGenerator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def answered(reader: asyncio.StreamReader, *, within: float = 6) -> tuple[int, bytes]:
    """Status and body of the one answer that comes before the end."""
    async with asyncio.timeout(within):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    return int(head.split()[1]) if head else 0, body


def refusals(reason: str) -> float:
    return REGISTRY.get_sample_value("http_connections_refused_total", {"reason": reason}) or 0


async def refused_for(reason: str, before: float, *, within: float = 10) -> None:
    async with asyncio.timeout(within):
        while refusals(reason) == before:  # noqa: ASYNC110  a counter rings no bell
            await asyncio.sleep(0.1)


async def problem(port: int, *pieces: bytes, pause: float = 0) -> str:
    """The slug that these bytes are answered with."""
    async with wire(port) as (reader, writer):
        with suppress(OSError):  # it may be over before everything is sent
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
        status, body = await answered(reader)
    document = orjson.loads(body)
    assert document["status"] == status
    return document["type"].removeprefix("/problems/")


POST = b"POST / HTTP/1.1\r\nHost: x\r\n"


async def test_a_head_that_does_not_end_is_given_up(port: int) -> None:
    pieces = [b"GET / HTTP/1.1\r\n", *([b"X-A: b\r\n"] * 4)]
    assert await problem(port, *pieces, pause=0.3) == "request-timeout"


async def test_a_body_that_does_not_come_is_given_up(port: int) -> None:
    assert await problem(port, POST, b"Content-Length: 9\r\n\r\nabc") == "request-timeout"


async def test_a_body_that_comes_steadily_may_take_its_time(port: int) -> None:
    async with wire(port) as (reader, writer):
        writer.write(POST + b"Connection: close\r\nContent-Length: 6000\r\n\r\n")
        for _ in range(6):
            writer.write(b"x" * 1000)
            await writer.drain()
            await asyncio.sleep(0.4)
        assert await answered(reader) == (200, b"6000")


async def test_whoever_says_nothing_is_let_go_without_a_word(port: int) -> None:
    async with wire(port) as (reader, _):
        with suppress(ConnectionError):
            assert await answered(reader) == (0, b"")


OVERSIZED: dict[str, tuple[Callable[[], list[bytes]], str]] = {
    "a long address": (lambda: [b"GET /" + b"a" * 2001 + b" HTTP/1.1\r\n\r\n"], "uri-too-long"),
    "an endless address": (lambda: [b"GET /", *[b"a" * 500] * 20], "headers-too-large"),
    "a large header": (lambda: [POST, b"A: " + b"b" * 5000 + b"\r\n\r\n"], "headers-too-large"),
    "an endless header": (lambda: [POST, b"A: ", *[b"b" * 500] * 20], "headers-too-large"),
    "many headers": (lambda: [POST, b"A: b\r\n" * 50, b"\r\n"], "headers-too-large"),
    "endless trailers": (
        lambda: [POST, b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", *[b"A: b\r\n"] * 60],
        "headers-too-large",
    ),
    "an endless trailer": (
        lambda: [POST, b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: ", *[b"b" * 500] * 30],
        "headers-too-large",
    ),
    "no HTTP": (lambda: [b"\x16\x03\x01\x02\x00\x01\x00\x01"], "bad-request"),
    "an address that is none": (lambda: [b"GET http:// HTTP/1.1\r\n\r\n"], "bad-request"),
}


@pytest.mark.parametrize("name", OVERSIZED)
async def test_what_is_no_reasonable_head_is_refused(port: int, name: str) -> None:
    pieces, slug = OVERSIZED[name]
    assert await problem(port, *pieces(), pause=0.001) == slug


async def for_ever(writer: asyncio.StreamWriter, piece: bytes) -> None:
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.001)


async def test_a_body_that_nobody_reads_is_not_taken_in_for_ever(port: int) -> None:
    async with wire(port) as (_, writer), asyncio.timeout(10):
        writer.write(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n")
        with pytest.raises(ConnectionError):
            await for_ever(writer, b"x" * 65_536)


def not_reading(port: int) -> socket.socket:
    """A client that asks for much, and does not look at it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


async def test_a_reader_that_does_not_read_is_given_up() -> None:
    before = refusals("slow-reader")
    async with serving(Limits(patience=1, slowest=100_000_000)) as port:
        with not_reading(port):
            await refused_for("slow-reader", before)


async def test_many_that_do_not_read_do_not_fill_the_memory() -> None:
    before = refusals("memory")
    async with serving(Limits(held=30_000_000)) as port:
        clients = [not_reading(port) for _ in range(8)]
        await refused_for("memory", before)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            assert len((await http.get("/large")).content) == len(LARGE)
        for client in clients:
            client.close()


async def test_the_one_that_keeps_us_waiting_makes_room_for_another() -> None:
    async with serving(FEW) as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(FEW.connections)]
        for _, writer in idle:
            writer.write(b"GET / HTTP/1.1\r\nX-Slow")
        await asyncio.sleep(0.1)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            assert (await http.post("/", content=b"abc")).text == "3"
        for _, writer in idle:
            writer.transport.abort()


async def test_when_all_are_at_work_one_more_is_told_to_come_again() -> None:
    async with (
        serving(FEW) as port,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", limits=httpx.Limits(), timeout=10
        ) as http,
    ):
        at_work = [asyncio.create_task(http.get("/late")) for _ in range(FEW.connections)]
        await asyncio.sleep(0.8)
        refused = await http.get("/late")
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["type"] == "/problems/too-many-connections"
        assert {answer.text for answer in await asyncio.gather(*at_work)} == {"late"}


async def test_a_connection_is_used_again_and_again(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        for size in (0, 10, 49_000, 3):
            answer = await http.post("/", content=b"x" * size)
            assert answer.text == str(size)
            assert (await http.get("/?q=" + "y" * 1000)).status_code == 200


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [
        ("10.9.8.7", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.2"),
        ("127.0.0.1,198.51.100.0/24", "203.0.113.7"),
    ],
)
async def test_only_a_trusted_proxy_says_who_the_client_is(trusted: str, seen: str) -> None:
    told = {"X-Forwarded-For": "203.0.113.7, 198.51.100.2"}
    async with (
        serving(LIMITS, forwarded_allow_ips=trusted) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=told) as http,
    ):
        assert (await http.get("/who")).text == seen
