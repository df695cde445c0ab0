"""The shop in its two forms, as a chaos run needs it: its processes known, its poison armed."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tools.kafka.local_kafka import LocalKafka

from wareflow import state
from wareflow.children import Child
from wareflow.embedded import HOST, Options
from wareflow.processes import processes
from wareflow.pulse import Pulse
from wareflow.state import Running
from wareflow_kit.supervisor import Supervisor
from wareflow_postgres.launch import free_port

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    # Short enough that the deadline races the payment, and that who left is given up at the end.
    "orders": {"pay_within": "PT8S", "reserve_within": "PT30S"},
    "payments": {"gateway_timeout": 2},
}
UP_WITHIN = 120.0
"""Seconds, on a machine with other things to do."""


@dataclass
class Stage:
    """A running shop and what can be hit of it."""

    children: list[Child]
    kafka: LocalKafka | None
    data: Path
    url: str
    """Where all services are reached, also after a restart."""
    running: Callable[[], Running]
    """The whole of it just now: after a restart the embedded shop's database has another port."""

    @property
    def peace(self) -> Path:
        """Once there is this file, no event is poison any more."""
        return _peace(self.data)

    async def until_ready(self, *, within: float) -> None:
        """Wait until all services say that they are ready; `TimeoutError` after so many seconds."""
        async with asyncio.timeout(within), httpx.AsyncClient(timeout=10) as http:
            while not await _is_ready(http, self.url):  # noqa: ASYNC110  other processes do it
                await asyncio.sleep(0.2)


def _peace(data: Path) -> Path:
    return data / "peace"


def _armed(data: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.chaos.armed", str(_peace(data)))


async def _is_ready(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/health/ready")).is_success
    except httpx.TransportError:
        return False


@asynccontextmanager
async def many_processes(data: Path, kafka: LocalKafka) -> AsyncGenerator[Stage]:
    """Every service as processes of its own, over a real Kafka."""
    children: list[Child] = []
    options = Options(
        data=data,
        port=0,
        kafka_bootstrap=kafka.bootstrap,
        overrides={name: dict(own) for name, own in SETTINGS.items()},
        program=_armed(data),
    )
    async with processes(options, say=lambda _: None, crew=children.extend) as running:
        yield Stage(children, kafka, data, running.url, lambda: running)


@asynccontextmanager
async def one_process(data: Path) -> AsyncGenerator[Stage]:
    """All services in one process, over the log in PostgreSQL."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    logs = data / "logs"
    logs.mkdir()
    settings = json.dumps(SETTINGS)
    child = Child(
        name="shop",
        command=[*_armed(data), "tests.chaos.embedded_shop", str(data), str(port), settings],
        environment={},
        output=logs / "shop.log",
        pulse=Pulse(f"{url}/health/live"),
    )
    stage = Stage([child], None, data, url, lambda: state.read(data))
    supervisor = Supervisor()
    supervisor.start(child.name, child.keep)
    try:
        await stage.until_ready(within=UP_WITHIN)
        yield stage
    finally:
        await supervisor.drain(60)
