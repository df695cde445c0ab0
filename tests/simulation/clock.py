"""Virtual time: it stands still while anything works, and jumps to the next timer when all rest."""

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from unittest.mock import patch

EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""Where every run begins; earlier than now, so that the server's own `now()` is never behind."""
_START = 1000.0
real_monotonic = time.monotonic
"""The machine's clock, for limits on real waiting."""


class VirtualClock:
    """Seconds on a monotonic clock, and the wall clock that belongs to them."""

    def __init__(self) -> None:
        self.now = _START

    @property
    def passed(self) -> float:
        """Virtual seconds since the run began."""
        return self.now - _START

    def monotonic(self) -> float:
        """Stands in for `time.monotonic`."""
        return self.now

    def time(self) -> float:
        """Stands in for `time.time`."""
        return EPOCH.timestamp() + self.passed

    def utc_now(self) -> datetime:
        """The wall clock."""
        return EPOCH + timedelta(seconds=self.passed)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class _Datetime:
    """Stands in for the class `datetime` where a module asks it for the time."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    def now(self, tz: tzinfo) -> datetime:
        return self._clock.utc_now().astimezone(tz)


@contextmanager
def virtual_time(clock: VirtualClock) -> Generator[None]:
    """Everything that asks for the time in this block is told the virtual one."""
    with ExitStack() as stack:
        for target, stand_in in (
            ("time.monotonic", clock.monotonic),
            ("time.time", clock.time),
            ("wareflow_events.clock.datetime", _Datetime(clock)),
            ("wareflow.shop.datetime", _Datetime(clock)),
        ):
            _ = stack.enter_context(patch(target, stand_in))
        yield
