"""The pump: many in flight, one slow call holds up nobody, one bad record spoils only itself."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from payments.testing import Bench
from payments.usecases.pump import Pump, PumpPoller
from wareflow_events.bell import Bell
from wareflow_events.transaction import Transaction


@dataclass
class Jobs:
    """Numbers as jobs; some are slow, some cannot be written down."""

    waiting: list[int]
    slow: dict[int, asyncio.Event] = field(default_factory=dict[int, asyncio.Event])
    bad: frozenset[int] = frozenset()
    busy: int = 0
    most_at_once: int = 0
    done: list[int] = field(default_factory=list[int])
    spoiled: list[int] = field(default_factory=list[int])
    hiccups: int = 0

    async def claim(self, tx: Transaction, limit: int) -> Sequence[int]:
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return taken

    async def call(self, job: int) -> int:
        self.busy += 1
        self.most_at_once = max(self.most_at_once, self.busy)
        if job in self.slow:
            _ = await self.slow[job].wait()
        else:
            await asyncio.sleep(0)
        self.busy -= 1
        return job * job

    async def record(self, tx: Transaction, answered: Sequence[tuple[int, int]]) -> None:
        if self.hiccups:
            self.hiccups -= 1
            raise ConnectionError("the database went away")
        if any(job in self.bad for job, _ in answered):
            raise ValueError("cannot be")
        self.done += [job for job, _ in answered]

    async def spoil(self, tx: Transaction, job: int, error: str) -> None:
        assert "cannot be" in error
        self.spoiled.append(job)


async def until(probe: Callable[[], bool], *, timeout: float = 5) -> None:
    async with asyncio.timeout(timeout):
        while not probe():  # noqa: ASYNC110  what is probed rings no bell
            await asyncio.sleep(0.001)


async def run(pump: Pump[int, int]) -> None:
    while await pump.run():
        pass


async def test_no_more_than_so_many_calls_are_in_flight(bench: Bench) -> None:
    jobs = Jobs(list(range(20)))
    await run(Pump(jobs, bench.transactions, in_flight=4, bell=Bell()))
    assert sorted(jobs.done) == list(range(20))
    assert jobs.most_at_once == 4


async def test_a_slow_call_holds_up_nobody(bench: Bench) -> None:
    end = asyncio.Event()
    jobs = Jobs(list(range(20)), slow={0: end})
    pump = Pump(jobs, bench.transactions, in_flight=4, bell=Bell())
    while len(jobs.done) < 19:
        assert await pump.run()
    assert 0 not in jobs.done
    end.set()
    await run(pump)
    assert sorted(jobs.done) == list(range(20))


async def test_one_that_cannot_be_written_down_spoils_no_other(bench: Bench) -> None:
    jobs = Jobs(list(range(8)), bad=frozenset({3, 5}))
    await run(Pump(jobs, bench.transactions, in_flight=8, bell=Bell()))
    assert sorted(jobs.done) == [0, 1, 2, 4, 6, 7]
    assert sorted(jobs.spoiled) == [3, 5]


async def test_a_database_that_hiccups_is_tried_again(bench: Bench) -> None:
    jobs = Jobs([1], hiccups=2)
    await run(Pump(jobs, bench.transactions, in_flight=4, bell=Bell()))
    assert (jobs.done, jobs.spoiled) == ([1], [])


async def test_a_ring_brings_new_work_while_a_call_is_still_out(bench: Bench) -> None:
    end, bell = asyncio.Event(), Bell()
    jobs = Jobs([0], slow={0: end})
    pump = Pump(jobs, bench.transactions, in_flight=4, bell=bell)
    running = asyncio.create_task(run(pump))
    await until(lambda: jobs.busy > 0)
    jobs.waiting = [1]
    bell.ring()
    await until(lambda: jobs.done == [1], timeout=0.9)  # the poll alone takes a second
    end.set()
    await running
    assert jobs.done == [1, 0]


async def test_a_stop_sees_through_what_is_in_flight(bench: Bench) -> None:
    end, stop = asyncio.Event(), asyncio.Event()
    jobs = Jobs([0, 1], slow={0: end})
    pump = Pump(jobs, bench.transactions, in_flight=4, bell=Bell())
    poller = PumpPoller("payments.jobs", 0.01, pump.run, None, pump)
    keeping = asyncio.create_task(poller.keep(stop))
    await until(lambda: jobs.done == [1])
    stop.set()
    end.set()
    async with asyncio.timeout(5):
        await keeping
    assert jobs.done == [1, 0]


async def test_who_is_cancelled_leaves_no_call_behind(bench: Bench) -> None:
    jobs = Jobs([0], slow={0: asyncio.Event()})
    pump = Pump(jobs, bench.transactions, in_flight=4, bell=Bell())
    keeping = asyncio.create_task(
        PumpPoller("payments.jobs", 0.01, pump.run, None, pump).keep(asyncio.Event())
    )
    await until(lambda: jobs.busy > 0)
    before = asyncio.all_tasks()
    _ = keeping.cancel()
    _ = await asyncio.wait(before - {asyncio.current_task()}, timeout=5)  # pyright: ignore[reportArgumentType]
    assert jobs.done == []
    assert keeping.cancelled()
