"""A worker of the embedded shop is started anew when one of its parts dies."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from wareflow.upkeep import Upkeep
from wareflow_events.consumer import ClientStuck
from wareflow_kit.supervisor import OnFatal, Supervisor


class Fragile:
    """A service whose consumer is stuck `falls` times, then works."""

    name = "fragile"

    def __init__(self, falls: int) -> None:
        self.falls = falls
        self.works = asyncio.Event()
        self.drained: list[str] = []

    @asynccontextmanager
    async def worker(self, *, on_fatal: OnFatal | None = None) -> AsyncGenerator[Supervisor]:
        supervisor = Supervisor(on_fatal)
        supervisor.start("relay", self._relay)
        supervisor.start("consumer", self._consumer)
        try:
            yield supervisor
        finally:
            await supervisor.drain(5)

    async def _relay(self, stop: asyncio.Event) -> None:
        _ = await stop.wait()
        self.drained.append("relay")

    async def _consumer(self, stop: asyncio.Event) -> None:
        if self.falls:
            self.falls -= 1
            raise ClientStuck("behind")
        self.works.set()
        _ = await stop.wait()


async def test_a_stuck_consumer_does_not_end_the_shop() -> None:
    service, died = Fragile(falls=2), list[str]()
    upkeep = Upkeep(service, lambda part, _: died.append(part), pause=lambda _: 0.0)
    stop = asyncio.Event()
    keeping = asyncio.create_task(upkeep.run(stop))
    async with asyncio.timeout(10):
        _ = await service.works.wait()
    assert died == ["consumer", "consumer"]
    assert service.drained == ["relay", "relay"]
    stop.set()
    await keeping
    assert service.drained == ["relay"] * 3


@pytest.mark.parametrize("falls", [0, 1])
async def test_a_stop_ends_it_at_once(falls: int) -> None:
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(5):
        await Upkeep(Fragile(falls), pause=lambda _: 3600.0).run(stop)
