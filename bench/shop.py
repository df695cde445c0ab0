"""The real shop, started by its own command on the serving core unless told otherwise."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bench.children import answers, program
from bench.client import Connection, request
from bench.machine import SERVING
from wareflow import state
from wareflow.house import SERVICES
from wareflow.state import Running, database_name

_WAREFLOW = Path(sys.executable).with_name("wareflow")
_NO_LIMITS = {
    "WAREFLOW_ORDERS_PUBLIC_WRITES_PER_MINUTE": "100000000",
    "WAREFLOW_ANALYTICS_COLLECT_PER_MINUTE": "100000000",
}
"""All load comes from one address, which a shop would rightly slow down."""


class Trouble(RuntimeError):
    """The shop refused what it should not have."""


@dataclass(frozen=True)
class OpenShop:
    """A running shop, its folder, and how long it took to answer."""

    running: Running
    data: Path
    pid: int
    started_in: float

    @property
    def url(self) -> str:
        """The one address of all services."""
        return self.running.url

    def of(self, service: str) -> str:
        """A service's own address."""
        return self.running.services[service]

    def database(self, service: str) -> str:
        """The address of a service's database."""
        return self.running.database(database_name(service))

    @property
    def databases(self) -> dict[str, str]:
        """The address of every service's database."""
        return {service: self.database(service) for service in SERVICES}

    async def hears_of_its_channel(self) -> None:
        """Wait until carts can be opened: orders has heard in which currency."""
        connection = await self.connect("orders")
        try:
            await until(lambda: connection.fetchval("SELECT count(*) FROM channel_copy"))
        finally:
            await connection.close()

    async def connect(self, service: str) -> "asyncpg.Connection[Any]":
        """A connection to a service's database."""
        return await asyncpg.connect(self.database(service))

    async def staff(self, method: str, path: str, **more: Any) -> Any:
        """What staff is answered."""
        headers = {"Authorization": f"Bearer {self.running.staff_token}", **more.pop("headers", {})}
        line = Connection(self.of(path.split("/", 2)[1]))
        try:
            answer = await line.ask(request(method, path, headers=headers, **more))
        finally:
            line.close()
        if answer.status >= 400:
            raise Trouble(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        return answer.json()


@asynccontextmanager
async def open_shop(
    data: Path,
    *,
    broker: str = "postgres",
    processes: bool = False,
    cores: Sequence[int] = (SERVING,),
    environment: Mapping[str, str] | None = None,
) -> AsyncGenerator[OpenShop]:
    """An empty shop that answers; in one process unless told otherwise."""
    data.mkdir(mode=0o711, exist_ok=True)  # noqa: ASYNC240  it returns at once
    output = data.with_name(f"{data.name}.log")
    command = [str(_WAREFLOW), "serve", "--port", "0", "--data", str(data), "--no-sample"]
    command += ["--broker", broker, *(["--processes"] if processes else [])]
    began = time.perf_counter()
    told = {**_NO_LIMITS, **(environment or {})}
    async with program(command, output=output, environment=told, cores=cores) as process:
        _ = await answers(process, lambda: _address(data), path="/health/ready", output=output)
        took = time.perf_counter() - began
        yield OpenShop(state.read(data), data, process.pid, took)


def _address(data: Path) -> str | None:
    try:
        return state.read(data).url
    except state.NotRunning:
        return None


async def until(probe: Any, *, within: float = 60) -> None:
    """Wait until an awaited probe says yes; `Trouble` when it does not."""
    deadline = time.monotonic() + within
    while not await probe():
        if time.monotonic() > deadline:
            raise Trouble(f"not within {within:.0f} s: {probe}")
        await asyncio.sleep(0.05)
