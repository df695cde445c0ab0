"""Pollers: what a service does by the clock, again and again, whatever happens."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from prometheus_client import Counter, Gauge

from wareflow_events.bell import Bell
from wareflow_events.faults import backoff, sleep

FAILURES = Counter("poller_failures_total", "Runs that ended with an error", ["poller"])
SUCCESS = Gauge(
    "poller_last_success_timestamp_seconds", "When a run last ended without error", ["poller"]
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Poller:
    """Runs every `every` seconds, or when its bell rings; at once again while there is more.

    Each process of a service runs it: `run` claims its rows (`FOR UPDATE SKIP LOCKED`).
    """

    name: str
    every: float
    run: Callable[[], Awaitable[bool]]
    """Does a limited piece of work; True when there may be more."""
    bell: Bell | None = None

    async def keep(self, stop: asyncio.Event) -> None:
        """Run until `stop`. An error is logged, counted, and followed by a growing pause."""
        failures = 0
        while not stop.is_set():
            rung = self.bell.rung if self.bell else 0
            try:
                more = await self.run()
            except Exception:
                failures += 1
                FAILURES.labels(self.name).inc()
                log.exception("poller.failed", poller=self.name, failures=failures)
                _ = await sleep(stop, backoff(failures, first=0.5, most=60))
                continue
            failures = 0
            SUCCESS.labels(self.name).set_to_current_time()
            if more:
                await asyncio.sleep(0)
            else:
                await self._rest(stop, rung)

    async def _rest(self, stop: asyncio.Event, rung: int) -> None:
        seconds = self.every * random.uniform(0.9, 1.1)  # noqa: S311  replicas drift apart
        if self.bell is None:
            _ = await sleep(stop, seconds)
            return
        bell = asyncio.create_task(self.bell.wait(seconds, since=rung))
        stopped = asyncio.create_task(stop.wait())
        try:
            _ = await asyncio.wait({bell, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            _ = bell.cancel()
            _ = stopped.cancel()
