"""HTTP between processes of the simulation: late, lost, and broken off when a side dies."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from tests.simulation.gate import Gate
from tests.simulation.process import Process, here


class Line(Protocol):
    """How well messages get through."""

    def on_the_line(self) -> float:
        """Seconds a message travels."""
        ...

    def line_breaks(self) -> bool:
        """Whether it is lost."""
        ...


@dataclass
class Network:
    """Who answers at which host name."""

    gate: Gate
    line: Line
    _hosts: dict[str, tuple[Process, httpx.ASGITransport]] = field(
        default_factory=dict[str, tuple[Process, httpx.ASGITransport]]
    )

    def serve(self, host: str, process: Process, app: Callable[..., Any]) -> None:
        """A process answers from now on, until it dies."""
        mine = (process, httpx.ASGITransport(app, raise_app_exceptions=False))
        self._hosts[host] = mine

        def gone() -> None:
            if self._hosts.get(host) is mine:
                del self._hosts[host]

        process.on_death.append(gone)

    async def carry(self, request: httpx.Request, body: bytes) -> httpx.Response:
        """Bring a request to its host, and the answer back."""
        what = f"{request.method} {request.url.host}{_without_ids(request.url.path)}"
        await self._travel(request, what)
        found = self._hosts.get(request.url.host)
        if found is None:
            raise httpx.ConnectError(f"nobody answers at {request.url.host}", request=request)
        response = await self._answer(*found, request, body)
        await self._travel(request, f"the answer to {what}")
        return response

    async def _travel(self, request: httpx.Request, what: str) -> None:
        try:
            await self.gate.step(here(), what)
        except ConnectionError as error:
            raise httpx.ReadError(str(error), request=request) from error
        if pause := self.line.on_the_line():
            await asyncio.sleep(pause)
        if self.line.line_breaks():
            raise httpx.ReadError(f"lost on the way: {what}", request=request)

    async def _answer(
        self,
        server: Process,
        transport: httpx.ASGITransport,
        request: httpx.Request,
        body: bytes,
    ) -> httpx.Response:
        answer: asyncio.Future[httpx.Response] = asyncio.get_running_loop().create_future()

        def broken() -> None:
            if not answer.done():
                answer.set_exception(httpx.ReadError("the server died", request=request))

        async def handle() -> None:
            inner = httpx.Request(
                request.method, request.url, headers=request.headers, content=body
            )
            response = await transport.handle_async_request(inner)
            content = await response.aread()
            if not answer.done():
                answer.set_result(
                    httpx.Response(response.status_code, headers=response.headers, content=content)
                )

        server.on_death.append(broken)
        task = server.spawn(handle())
        task.add_done_callback(lambda done: _fail(answer, done))
        try:
            return await answer
        finally:
            server.on_death.remove(broken)


def _fail(answer: "asyncio.Future[httpx.Response]", done: "asyncio.Task[None]") -> None:
    error = asyncio.CancelledError() if done.cancelled() else done.exception()
    if error is not None and not answer.done():
        answer.set_exception(httpx.ReadError(f"broken off: {error!r}"))


def _without_ids(path: str) -> str:
    return "/".join(part if len(part) < 20 else "*" for part in path.split("/"))


class Wire(httpx.AsyncBaseTransport):
    """What a client of the simulation sends its requests with."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, within the client's own time limit."""
        body = await request.aread()
        limit = request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(limit):
                return await self._network.carry(request, body)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time", request=request) from error
