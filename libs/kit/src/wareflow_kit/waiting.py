"""Waiting for an outcome: one poll per process for all who wait, and only while somebody does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

import structlog

from wareflow_events.bell import Bell
from wareflow_events.faults import backoff

T = TypeVar("T")

log = structlog.get_logger(__name__)

_SHORTEST_PAUSE = 0.005  # a bell that never rests must not become a busy loop


@dataclass(eq=False, slots=True)
class _Waiter(Generic[T]):
    id: UUID
    enough: Callable[[T], bool]
    answer: asyncio.Future[T]


class Waiting(Generic[T]):
    """Looks for what many requests wait for, all ids in one query, every `poll` seconds or at a
    ring of `bell`. No database connection is held between two looks."""

    def __init__(
        self,
        fetch: Callable[[list[UUID]], Awaitable[dict[UUID, T]]],
        bell: Bell,
        *,
        poll: float,
    ) -> None:
        self._fetch = fetch
        self._bell = bell
        self._poll = poll
        self._waiters: dict[_Waiter[T], None] = {}
        """In the order in which they came."""
        self._looking: asyncio.Task[None] | None = None

    async def until(self, id: UUID, enough: Callable[[T], bool], *, timeout: float) -> T | None:  # noqa: A002
        """The first row of `id` that is `enough`; None when `timeout` seconds passed without."""
        if timeout <= 0:
            return None
        waiter = _Waiter(id, enough, asyncio.get_running_loop().create_future())
        self._waiters[waiter] = None
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(timeout):
                return await waiter.answer
        except TimeoutError:
            return None
        finally:
            _ = self._waiters.pop(waiter, None)

    async def _look(self) -> None:
        failures = 0
        while self._waiters:
            seen, began = self._bell.rung, time.monotonic()
            try:
                rows = await self._fetch(list(dict.fromkeys(waiter.id for waiter in self._waiters)))
            except Exception as error:  # noqa: BLE001  those who wait go on until their time is up
                failures += 1
                log.warning("waiting.cannot_look", error=repr(error))
                await asyncio.sleep(backoff(failures, most=1))
                continue
            failures = 0
            self._answer(rows)
            if self._waiters:
                await asyncio.sleep(max(0, _SHORTEST_PAUSE - (time.monotonic() - began)))
                _ = await self._bell.wait(self._poll, since=seen)

    def _answer(self, rows: dict[UUID, T]) -> None:
        for waiter in list(self._waiters):
            row = rows.get(waiter.id)
            if row is None or waiter.answer.done():
                continue
            try:
                if waiter.enough(row):
                    waiter.answer.set_result(row)
            except Exception as error:  # noqa: BLE001  the asker's own mistake is the asker's
                waiter.answer.set_exception(error)
            if waiter.answer.done():
                _ = self._waiters.pop(waiter, None)
