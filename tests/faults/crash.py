"""A shop that dies at a fail point and comes back, and a client that does not give up on it."""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from wareflow.house import House

HERE = Path(__file__).parent
DIED = 9
"""What a process that died at a fail point ends with."""
_LEASES = {
    "payments": (
        "UPDATE operation SET next_attempt_at = now() WHERE next_attempt_at > now()",
        "UPDATE webhook_event SET apply_at = now() WHERE apply_at > now()",
    ),
    "sandbox": ("UPDATE webhook_delivery SET due_at = now() WHERE due_at > now()",),
    "crm": ("UPDATE mail SET next_attempt_at = now() WHERE sent_at IS NULL",),
}
"""What a dead process had claimed comes back when its lease ends; two minutes are too long here."""


@dataclass
class Place:
    """A fail point, which of its hits is deadly, and of which subject; any if left out."""

    name: str
    hit: int = 1
    about: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.hit} {self.about}".rstrip()


@dataclass
class CrashShop:
    """The shop's process, seen from outside."""

    process: asyncio.subprocess.Process
    port: int
    data: Path
    up: asyncio.Event = field(default_factory=asyncio.Event)
    died: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether a process has ended since the last `arm`."""
    endings: list[int] = field(default_factory=list[int])
    """What they ended with."""
    broken: list[str] = field(default_factory=list[str])
    """Parts that ended with an error, which nothing here may make them do."""
    after_crash: Callable[[], Awaitable[None]] | None = None
    """Done when a process has died, while the next one starts."""
    _place: Place | None = None
    _gone: bool = False
    _said: asyncio.Queue[str] = field(default_factory=asyncio.Queue[str])

    @property
    def url(self) -> str:
        """Where it is reached, whenever it is up."""
        return f"http://127.0.0.1:{self.port}"

    async def arm(self, place: Place) -> None:
        """Have it die there; a command that is run next dies there, too."""
        self.endings.clear()
        self.died.clear()
        self._place = place
        await self._tell(f"arm {place}")

    async def disarm(self) -> None:
        """Let it live, if it still does."""
        self._place = None
        await self._tell("disarm")

    async def run(self, *command: str) -> None:
        """Run a `wareflow` command on this shop; should it die at the armed place, once more."""
        place = self._place.name if self._place and not self.died.is_set() else "-"
        ended = await self._once(place, command)
        if ended == DIED:
            self._has_died(ended)
            ended = await self._once("-", command)
        assert ended == 0, command

    async def _once(self, place: str, command: tuple[str, ...]) -> int:
        words = (str(HERE / "crash_tool.py"), place, *command, "--data", str(self.data))
        tool = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdout=asyncio.subprocess.DEVNULL
        )
        return await tool.wait()

    async def _tell(self, line: str) -> None:
        await self.is_up()
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        _ = await asyncio.wait_for(self._said.get(), 10)

    async def listen(self) -> None:
        """Hear what the process says, until its end."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            word, _, rest = line.decode().strip().partition(" ")
            match word:
                case "ready":
                    self.up.set()
                case "ended":
                    self.up.clear()
                    self._has_died(int(rest))
                    if self.after_crash is not None:
                        await self.after_crash()
                case "broken":
                    self.broken.append(rest)
                case _:
                    self._said.put_nowait(word)
        self._gone = True
        self.up.set()

    async def is_up(self) -> None:
        """Wait until it is; `RuntimeError` when it will not be any more."""
        _ = await self.up.wait()
        if self._gone:
            raise RuntimeError("the shop has ended, and not at a fail point")

    def _has_died(self, code: int) -> None:
        self.endings.append(code)
        self.died.set()

    async def close(self) -> int:
        """Let it end in good order; its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return await asyncio.wait_for(self.process.wait(), 60)


class Patient(httpx.AsyncBaseTransport):
    """Repeats a request, the same to the byte, until it is answered, as a good client does."""

    def __init__(self, shop: CrashShop) -> None:
        self._shop = shop
        self._http = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, whole."""
        while True:
            await self._shop.is_up()
            try:
                answer = await self._http.handle_async_request(request)
                _ = await answer.aread()
            except httpx.TransportError:
                await asyncio.sleep(0.02)
            else:
                return answer

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()


@asynccontextmanager
async def crash_shop(data: Path, postgres: str) -> AsyncGenerator[CrashShop]:
    """A shop on a database server that outlives it; ends in good order with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    words = (str(HERE / "crash_shop.py"), str(data), str(port), postgres)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    shop = CrashShop(process, port, data)
    hearing = asyncio.create_task(shop.listen())
    try:
        await asyncio.wait_for(shop.is_up(), 120)
        yield shop
        assert await shop.close() == 0
    finally:
        if process.returncode is None:
            process.kill()
        await hearing


async def leases_run_out(house: House) -> None:
    """Let the time pass for which what a dead process had claimed is left alone."""
    for service, statements in _LEASES.items():
        async with house.engines[service].begin() as connection:
            for statement in statements:
                _ = await connection.exec_driver_sql(statement)
