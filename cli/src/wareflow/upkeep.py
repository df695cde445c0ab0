"""Keeping the workers of one process up: one of whose parts dies is drained and started anew."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import structlog

from wareflow_events.faults import backoff, sleep
from wareflow_kit.supervisor import OnFatal, Supervisor

log = structlog.get_logger(__name__)
_STEADY = 30.0
"""Seconds after which a worker counts as having started well."""


class Works(Protocol):
    """A service, or the sandbox."""

    name: str

    def worker(self, *, on_fatal: OnFatal | None = None) -> AbstractAsyncContextManager[Supervisor]:
        """What it does besides answering requests, until the block ends."""
        ...


@dataclass(frozen=True)
class Upkeep:
    """Runs a worker, as the supervisor of its process does where it has one of its own."""

    service: Works
    on_fatal: OnFatal | None = None
    """Told of every part that died."""
    pause: Callable[[int], float] = lambda failures: backoff(failures, first=0.2, most=10.0)
    """Seconds to wait before the next start, by how many starts have failed in a row."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then what is in work is finished."""
        failures = 0
        while not stop.is_set():
            began = asyncio.get_running_loop().time()
            async with self.service.worker(on_fatal=self.on_fatal) as supervisor:
                await _first_of(stop, supervisor.failed)
            if stop.is_set():
                return
            steady = asyncio.get_running_loop().time() - began > _STEADY
            failures = 1 if steady else failures + 1
            log.warning("worker starts anew", service=self.service.name, failures=failures)
            _ = await sleep(stop, self.pause(failures))


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            _ = task.cancel()
