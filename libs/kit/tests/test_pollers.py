"""Pollers go on, whatever happens; the supervisor tells when a part died."""

import asyncio
from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from wareflow_events.bell import Bell
from wareflow_kit.pollers import Poller
from wareflow_kit.supervisor import EndedEarly, Supervisor


class Work:
    """Runs that are scripted, and counted."""

    def __init__(self, *outcomes: bool | Exception) -> None:
        self.outcomes = list(outcomes)
        self.runs = 0

    async def __call__(self) -> bool:
        self.runs += 1
        outcome = self.outcomes.pop(0) if self.outcomes else False
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def kept(poller: Poller, true: Callable[[], bool]) -> None:
    """Keep the poller until something is true."""
    stop = asyncio.Event()
    keeping = asyncio.create_task(poller.keep(stop))
    await until(true)
    stop.set()
    await asyncio.wait_for(keeping, timeout=5)


async def test_it_runs_again_at_once_while_there_is_more() -> None:
    work = Work(True, True, False)
    await kept(Poller("p", 60, work), lambda: work.runs >= 3)
    assert work.runs == 3


async def test_it_runs_every_so_often() -> None:
    work = Work()
    await kept(Poller("p", 0.01, work), lambda: work.runs >= 3)


async def test_a_ring_wakes_it() -> None:
    work, bell, stop = Work(), Bell(), asyncio.Event()
    keeping = asyncio.create_task(Poller("p", 60, work, bell).keep(stop))
    await until(lambda: work.runs == 1)
    bell.ring()
    await until(lambda: work.runs == 2)
    stop.set()
    await asyncio.wait_for(keeping, timeout=5)
    assert work.runs == 2


async def test_a_ring_during_a_run_is_not_lost() -> None:
    bell = Bell()
    runs = 0

    async def work() -> bool:
        nonlocal runs
        runs += 1
        if runs == 1:
            bell.ring()
        return False

    await kept(Poller("p", 60, work, bell), lambda: runs == 2)


async def test_an_error_is_counted_and_the_poller_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def soon(_failures: int, **_limits: float) -> float:
        return 0.001

    monkeypatch.setattr("wareflow_kit.pollers.backoff", soon)
    work = Work(ValueError("no"), ValueError("no"), False)
    labels = {"poller": "failing"}
    before = REGISTRY.get_sample_value("poller_failures_total", labels) or 0
    await kept(Poller("failing", 60, work), lambda: work.runs == 3)
    assert REGISTRY.get_sample_value("poller_failures_total", labels) == before + 2


async def test_a_run_in_work_is_finished_when_it_stops() -> None:
    started, done = asyncio.Event(), asyncio.Event()

    async def work() -> bool:
        started.set()
        await asyncio.sleep(0.01)
        done.set()
        return True

    supervisor = Supervisor()
    supervisor.start("p", Poller("p", 60, work).keep)
    _ = await started.wait()
    await supervisor.drain(5)
    assert done.is_set()
    assert not supervisor.failures


async def test_a_part_that_dies_is_told_and_the_others_go_on() -> None:
    told: list[tuple[str, BaseException]] = []
    supervisor = Supervisor(lambda part, error: told.append((part, error)))
    alive = asyncio.Event()

    async def dies(stop: asyncio.Event) -> None:
        raise LookupError

    async def lives(stop: asyncio.Event) -> None:
        _ = await stop.wait()
        alive.set()

    supervisor.start("dies", dies)
    supervisor.start("lives", lives)
    _ = await asyncio.wait_for(supervisor.failed.wait(), timeout=5)
    assert not supervisor.stop.is_set()
    await supervisor.drain(5)
    assert alive.is_set()
    assert [(part, type(error)) for part, error in told] == [("dies", LookupError)]


async def test_a_part_that_returns_before_its_time_has_died() -> None:
    supervisor = Supervisor()

    async def returns(stop: asyncio.Event) -> None:
        return

    supervisor.start("returns", returns)
    _ = await asyncio.wait_for(supervisor.failed.wait(), timeout=5)
    assert isinstance(supervisor.failures["returns"], EndedEarly)


async def test_a_part_that_is_cancelled_though_nobody_asked_for_it_has_died() -> None:
    supervisor = Supervisor()

    async def lets_out_a_cancellation(stop: asyncio.Event) -> None:
        pending = asyncio.create_task(asyncio.sleep(60))
        _ = pending.cancel()
        await pending

    supervisor.start("cancelled", lets_out_a_cancellation)
    _ = await asyncio.wait_for(supervisor.failed.wait(), timeout=5)
    assert isinstance(supervisor.failures["cancelled"], EndedEarly)


async def test_a_part_that_does_not_stop_is_cancelled_and_has_not_died() -> None:
    supervisor = Supervisor()
    cancelled = asyncio.Event()

    async def stubborn(stop: asyncio.Event) -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    supervisor.start("stubborn", stubborn)
    await asyncio.sleep(0)
    await supervisor.drain(0.01)
    assert cancelled.is_set()
    assert not supervisor.failures


@pytest.mark.parametrize("bell", [None, Bell()])
async def test_a_stop_ends_the_rest_between_runs(bell: Bell | None) -> None:
    work = Work()
    async with asyncio.timeout(5):
        await kept(Poller("p", 3600, work, bell), lambda: work.runs == 1)
