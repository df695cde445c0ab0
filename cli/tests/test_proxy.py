"""A service in another process, seen through the front."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from wareflow.front import Front
from wareflow.proxy import Proxy
from wareflow_sandbox.testing import running_app


async def _echo(request: Request) -> Response:
    body = await request.body()
    told = {
        "method": request.method,
        "query": request.url.query,
        "token": request.headers.get("x-cart-token"),
        "for": request.headers.get("x-forwarded-for"),
        "body": body.decode(),
    }
    return Response(orjson.dumps(told), status_code=202, headers={"etag": '"7"'})


async def _stream(_: Request) -> Response:
    return StreamingResponse(iter([b"a", b"b", b"c"]))


SERVICE = Starlette(
    routes=[
        Route("/orders/v1/echo", _echo, methods=["POST"]),
        Route("/orders/v1/stream", _stream),
    ]
)


async def test_what_comes_in_goes_on_and_what_comes_back_comes_out() -> None:
    async with running_app(SERVICE) as url, httpx.AsyncClient() as client:
        front = httpx.ASGITransport(Front({"orders": Proxy(client, url)}))
        async with httpx.AsyncClient(transport=front, base_url="http://shop") as http:
            answer = await http.post(
                "/orders/v1/echo?a=1&a=2",
                content="hello",
                headers={"X-Cart-Token": "secret", "X-Forwarded-For": "203.0.113.9"},
            )
            assert (await http.get("/orders/v1/stream")).text == "abc"
    assert answer.status_code == 202
    assert answer.headers["etag"] == '"7"'
    assert answer.json() == {
        "method": "POST",
        "query": "a=1&a=2",
        "token": "secret",
        "for": "127.0.0.1",
        "body": "hello",
    }


async def test_a_body_goes_on_a_piece_at_a_time() -> None:
    waiting = asyncio.Event()

    async def service(scope: Scope, receive: Receive, send: Send) -> None:
        _ = await receive()
        waiting.set()
        body = await Request(scope, receive).body()
        await PlainTextResponse(str(len(body)))(scope, receive, send)

    async def slowly() -> AsyncGenerator[bytes]:
        yield b"x" * 65_536
        async with asyncio.timeout(5):
            _ = await waiting.wait()  # the first piece is there before the second is sent
        yield b"x" * 100

    async with (
        running_app(service) as url,
        httpx.AsyncClient() as client,
        running_app(Front({"orders": Proxy(client, url)})) as front,
    ):
        answer = await client.post(f"{front}/orders/v1/upload", content=slowly())
    assert answer.status_code == 200


async def test_a_service_that_is_down_is_a_503_that_says_when_to_come_again() -> None:
    async with httpx.AsyncClient() as client:
        front = httpx.ASGITransport(Front({"orders": Proxy(client, "http://127.0.0.1:9")}))
        async with httpx.AsyncClient(transport=front, base_url="http://shop") as http:
            answer = await http.get("/orders/v1/carts")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
