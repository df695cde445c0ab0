"""Three short steps, many jobs in flight: claim in a transaction, call outside any, record."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import structlog

from wareflow_events.bell import Bell
from wareflow_events.faults import backoff, is_transient
from wareflow_events.transaction import Transaction, Transactions
from wareflow_kit.pollers import Poller

J = TypeVar("J")
A = TypeVar("A")

log = structlog.get_logger(__name__)

_TRIES = 4  # of a record that the database was too busy for


class Work(Protocol[J, A]):
    """What a pump does. `call` is the only step that reaches out, and answers, never raises."""

    async def claim(self, tx: Transaction, limit: int) -> Sequence[J]:
        """Take up to `limit` jobs under a lease, in a transaction of their own."""
        ...

    async def call(self, job: J) -> A:
        """Ask the gateway; no transaction is open."""
        ...

    async def record(self, tx: Transaction, answered: Sequence[tuple[J, A]]) -> None:
        """Write down what came of jobs, in one transaction."""
        ...

    async def spoil(self, tx: Transaction, job: J, error: str) -> None:
        """Note on a job why its answer could not be written down."""
        ...


class Pump(Generic[J, A]):
    """Keeps up to `in_flight` calls under way, so that a slow one holds up nobody.

    A crash at any point loses nothing: a claimed job comes back when its lease ends.
    """

    def __init__(
        self, work: Work[J, A], transactions: Transactions, *, in_flight: int, bell: Bell
    ) -> None:
        self._work = work
        self._transactions = transactions
        self._most = in_flight
        self._bell = bell
        self._flying: set[asyncio.Task[tuple[J, A]]] = set()

    async def run(self) -> bool:
        """Fill up, wait for the first that come back, write them down; False when idle."""
        rung = self._bell.rung
        room = self._most - len(self._flying)
        if room > 0:
            async with self._transactions.begin() as tx:
                jobs = await self._work.claim(tx, room)
            self._flying |= {asyncio.create_task(self._fly(job)) for job in jobs}
        if not self._flying:
            return False
        await self._record(await self._first_back(rung))
        return True

    async def drain(self) -> None:
        """See what is in flight through to its record."""
        while self._flying:
            landed, self._flying = await asyncio.wait(
                self._flying, return_when=asyncio.FIRST_COMPLETED
            )
            await self._record([task.result() for task in landed])

    def abandon(self) -> None:
        """Let go of what is in flight; it comes back when its lease ends."""
        for task in self._flying:
            _ = task.cancel()

    async def _fly(self, job: J) -> tuple[J, A]:
        return job, await self._work.call(job)

    async def _first_back(self, rung: int) -> list[tuple[J, A]]:
        # A ring ends the wait as well: there may be room for what it rang for.
        bell = asyncio.create_task(self._bell.wait(1.0, since=rung))
        try:
            _ = await asyncio.wait({*self._flying, bell}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            _ = bell.cancel()
        landed = {task for task in self._flying if task.done()}
        self._flying -= landed
        return [task.result() for task in landed]

    async def _record(self, answered: Sequence[tuple[J, A]]) -> None:
        """All in one transaction; one that cannot be written down does not hold up the others."""
        if not answered:
            return
        try:
            await self._patiently(lambda tx: self._work.record(tx, answered))
        except Exception as error:
            if len(answered) > 1:
                for one in answered:
                    await self._record([one])
                return
            log.exception("pump.not_recorded", work=type(self._work).__name__)
            job, reason = answered[0][0], repr(error)
            await self._patiently(lambda tx: self._work.spoil(tx, job, reason))

    async def _patiently(self, step: Callable[[Transaction], Awaitable[None]]) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                async with self._transactions.begin() as tx:
                    await step(tx)
                return
            except Exception as error:
                if attempt == _TRIES or not is_transient(error):
                    raise
            await asyncio.sleep(backoff(attempt))


@dataclass(frozen=True)
class PumpPoller(Poller):
    """Runs a pump, and at a stop sees through what is in flight."""

    pump: Pump[Any, Any] | None = None

    async def keep(self, stop: asyncio.Event) -> None:
        """Run until `stop`, then drain."""
        assert self.pump is not None
        try:
            await Poller.keep(self, stop)
            await self.pump.drain()
        finally:
            self.pump.abandon()
