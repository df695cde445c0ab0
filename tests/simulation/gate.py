"""The gate: every call to a database, the log or the gateway waits here until the dice let it go.

One database call is in flight at a time. Only when none is and nobody waits does the clock move.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import Protocol, TypeVar, cast

from tests.simulation.clock import VirtualClock, real_monotonic
from tests.simulation.loop import Events, Poll
from tests.simulation.monitor import Monitor

T = TypeVar("T")
_LOOK_AFTER = 0.002
"""Real seconds without an answer after which it is asked whether the call waits for a lock."""
_STUCK_AFTER = 60.0
_MOST_STEPS = 100_000
_LOCK_TIMEOUT = 5.0
"""Virtual seconds after which the server gives up a wait for a lock, as the services ask it to."""


class Fate(Enum):
    """What happens to a call."""

    PASSES = "passes"
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    LOST_BEFORE = "lost before"
    LOST_AFTER = "lost after"


class Caller(Protocol):
    """The process that calls."""

    @property
    def name(self) -> str:
        """What it is called in the trace."""
        ...

    @property
    def frozen_until(self) -> float:
        """Until when it stands still."""
        ...

    def check(self) -> None:
        """`ConnectionError` when it has died."""
        ...

    def crash(self) -> None:
        """Die, now."""
        ...


class Dice(Protocol):
    """Who decides."""

    def pick(self, calls: "list[Call]") -> "Call":
        """Who goes next."""
        ...

    def fate(self, call: "Call") -> Fate:
        """What becomes of it."""
        ...

    def delay(self, caller: Caller) -> float:
        """Virtual seconds that a call takes to arrive."""
        ...


class Stuck(RuntimeError):
    """The run cannot go on; the message says why."""


@dataclass(frozen=True)
class Flight:
    """How a call to the database travels."""

    pid: int | None = None
    """Its session; None while it is only being opened."""
    lose: Callable[[], Exception] | None = None
    """Cuts the connection, and says what its user then sees."""


@dataclass(eq=False)
class Call:
    """Something that reaches outside of its process."""

    caller: Caller
    what: str
    flight: Flight | None
    """None for what takes no time: the log and the gateway."""
    ready_at: float
    turn: asyncio.Future[None]
    delivered: asyncio.Future[None]
    number: int
    """In the order of asking."""
    fate: Fate = Fate.PASSES
    blocked_at: float = 0.0
    """Since when it waits, or waited, for a lock."""

    @property
    def pid(self) -> int | None:
        """The database session it is on."""
        return self.flight.pid if self.flight else None

    @property
    def rank(self) -> tuple[bool, int]:
        """Its place among those whose answers are there: after the one whose lock it waited for.

        Which of the two answers comes first over the wire is up to the machine.
        """
        return self.blocked_at > 0, self.number


@dataclass
class Gate:
    """Lets calls through one by one, and time pass in between."""

    clock: VirtualClock
    monitor: Monitor
    dice: Dice
    trace: list[str] = field(default_factory=list[str])
    waiting: list[Call] = field(default_factory=list[Call])
    _flying: list[Call] = field(default_factory=list[Call])
    _landed: list[Call] = field(default_factory=list[Call])
    _blocked: list[Call] = field(default_factory=list[Call])
    _stirred: bool = False
    """Whether a lock may have been let go since the blocked ones were looked at."""
    _silent_since: float | None = None
    _look_at: float = _LOOK_AFTER
    _numbers: Iterator[int] = field(default_factory=count)

    async def call(
        self,
        caller: Caller,
        what: str,
        send: Callable[[], Awaitable[T]],
        flight: Flight,
    ) -> T:
        """Wait for the turn, send, and hand over the answer when nothing else is in flight."""
        call = await self._turn(caller, what, flight)
        self._flying.append(call)
        try:
            return await send()
        except asyncio.CancelledError:
            call.delivered.cancel()
            raise
        finally:
            self._flying, self._blocked = (
                _without(self._flying, call),
                _without(self._blocked, call),
            )
            self._stirred = True
            if not call.delivered.cancelled():
                await self._land(call)

    async def _land(self, call: Call) -> None:
        """The answer is there; it is seen when nothing else is in flight."""
        self._landed = sorted([*self._landed, call], key=lambda each: each.rank)
        try:
            await call.delivered
        finally:
            self._landed = _without(self._landed, call)

    async def step(self, caller: Caller, what: str) -> None:
        """Wait for the turn; for what happens at once and without a database."""
        call = await self._turn(caller, what, None)
        if call.fate is Fate.LOST_BEFORE:
            raise ConnectionResetError(f"the simulation lost {what}")

    async def _turn(self, caller: Caller, what: str, flight: Flight | None) -> Call:
        caller.check()
        loop = asyncio.get_running_loop()
        delay = self.dice.delay(caller)
        call = Call(
            caller=caller,
            what=what,
            flight=flight,
            ready_at=self.clock.now + delay,
            turn=loop.create_future(),
            delivered=loop.create_future(),
            number=next(self._numbers),
        )
        if delay:
            _ = loop.call_at(call.ready_at, _nothing)
        self.waiting.append(call)
        try:
            await call.turn
        finally:
            self.waiting = _without(self.waiting, call)
        return call

    def forget(self, caller: Caller) -> None:
        """A process died: what it asked for is of no interest any more."""
        for name in ("waiting", "_flying", "_landed", "_blocked"):
            calls = cast("list[Call]", getattr(self, name))
            setattr(self, name, [call for call in calls if call.caller is not caller])
        self._stirred = True

    def idle(self, timeout: float | None, poll: Poll) -> Events:
        """All tasks wait: make the next thing happen."""
        if self._flying:
            return self._wait(poll)
        if self._landed:
            self._deliver(self._landed.pop(0))
        elif not (self._released() or self._let_through()):
            self._pass_time(timeout)
        return []

    def _wait(self, poll: Poll) -> Events:
        events = poll(_LOOK_AFTER)
        now = real_monotonic()
        if events:
            self._silent_since, self._look_at = None, _LOOK_AFTER
            return events
        self._silent_since = self._silent_since or now
        silent = now - self._silent_since
        if silent < self._look_at:
            return []
        self._look_at = 2 * silent
        if silent > _STUCK_AFTER:
            raise Stuck(f"no answer to {[call.what for call in self._flying]}")
        blocked = self.monitor.blocked([call.pid for call in self._flying if call.pid])
        for call in [call for call in self._flying if call.pid in blocked]:
            self._flying.remove(call)
            self._blocked.append(call)
            if not call.blocked_at:  # from one lock to the next it may be seen on its way or not
                call.blocked_at = self.clock.now
                self._note(call, "waits for a lock")
        return []

    def _released(self) -> bool:
        """Whether somebody who waited for a lock goes on."""
        if not (self._blocked and self._stirred):
            return False
        self._stirred = False
        blocked = self.monitor.blocked([call.pid for call in self._blocked if call.pid])
        free = [call for call in self._blocked if call.pid not in blocked]
        self._blocked = [call for call in self._blocked if call.pid in blocked]
        self._flying += free
        return bool(free)

    def _let_through(self) -> bool:
        now = self.clock.now
        ready = [
            call
            for call in self.waiting
            if call.ready_at <= now and call.caller.frozen_until <= now and not call.turn.done()
        ]
        if not ready:
            return False
        call = self.dice.pick(ready)
        call.fate = self.dice.fate(call)
        self._note(call, call.fate.value)
        if call.fate is Fate.CRASH_BEFORE:
            call.caller.crash()
        elif call.fate is Fate.LOST_BEFORE:
            _ = _lose(call)
        if not call.turn.done():
            call.turn.set_result(None)
        return True

    def _deliver(self, call: Call) -> None:
        if call.fate is Fate.CRASH_AFTER:
            call.caller.crash()
        elif call.fate is Fate.LOST_AFTER and (error := _lose(call)):
            call.delivered.set_exception(error)
        if not call.delivered.done():
            call.delivered.set_result(None)

    def _pass_time(self, timeout: float | None) -> None:
        if timeout is None:
            raise Stuck("nobody has anything to do, and no timer runs")
        held_up = any(call.ready_at > self.clock.now for call in self.waiting) or any(
            call.caller.frozen_until > self.clock.now for call in self.waiting
        )
        if self._blocked and not held_up:
            raise Stuck(
                "a lock is held by a transaction that waits for something else than the database: "
                f"{[f'{call.caller.name}: {call.what}' for call in self._blocked]} wait for it"
            )
        patience = [call.blocked_at + _LOCK_TIMEOUT - self.clock.now for call in self._blocked]
        self.clock.advance(max(0.0, min([timeout, *patience])))
        for call in self._blocked:
            if call.blocked_at + _LOCK_TIMEOUT <= self.clock.now + 1e-9 and call.pid:
                self._note(call, "gives up waiting")
                self.monitor.cancel(call.pid)
                self._stirred = True

    def _note(self, call: Call, outcome: str) -> None:
        if len(self.trace) > _MOST_STEPS:
            raise Stuck(f"more than {_MOST_STEPS} steps")
        self.trace.append(f"{self.clock.passed:10.4f} {call.caller.name:14} {outcome}: {call.what}")


def _without(calls: list[Call], call: Call) -> list[Call]:
    return [each for each in calls if each is not call]


def _lose(call: Call) -> Exception | None:
    return call.flight.lose() if call.flight and call.flight.lose else None


def _nothing() -> None:
    """A timer that only lets time pass up to it."""
