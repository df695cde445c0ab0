"""The pulse of a process: whether it still answers `/health/live`."""

import asyncio
from dataclasses import dataclass

import httpx


@dataclass(frozen=True)
class Pulse:
    """Asks again and again; silence for too long means that the process is stuck for good.

    A stopped process hurts nobody: the database ends the idle session of its relay and Kafka
    gives its partitions away, each within seconds. But on one machine nobody is there to take
    over, so it is killed and started anew, as a liveness probe does in Kubernetes. The answer
    needs the event loop and nothing else: a database or broker that is down is no reason to kill.
    """

    url: str
    every: float = 3.0
    """Seconds between two questions, and how long each may take."""
    patience: int = 10
    """How many in a row may stay without an answer, once there was one. Counted, not timed: a
    supervisor that slept for a while itself has asked nothing."""
    start: int = 40
    """How many may before the first answer: a busy machine, a database that recovers."""

    async def lost(self) -> None:
        """Return once it has been silent for too long."""
        async with httpx.AsyncClient(timeout=self.every) as client:
            left = self.start
            while left > 0:
                answers, _ = await asyncio.gather(self._answers(client), asyncio.sleep(self.every))
                left = self.patience if answers else left - 1

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(self.url)).is_success
        except httpx.TransportError:
            return False
