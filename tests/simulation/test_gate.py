"""What the simulation itself promises: time jumps, one call at a time, locks seen, deaths exact."""

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Generator
from typing import Any, cast

import asyncpg
import pytest
from tests.simulation.clock import VirtualClock, real_monotonic, virtual_time
from tests.simulation.connections import gated
from tests.simulation.gate import Call, Caller, Fate, Flight, Gate, Stuck
from tests.simulation.loop import Events, VirtualLoop
from tests.simulation.monitor import Monitor
from tests.simulation.process import Process

from wareflow_kit.testing import shared_server

Story = Callable[[], Coroutine[Any, Any, None]]
_UPDATE = "UPDATE simulated SET number = number + 1"


class FirstComeFirstServed:
    """Dice that always fall the same way, but for one statement."""

    def __init__(self) -> None:
        self.fates: dict[str, Fate] = {}

    def pick(self, calls: list[Call]) -> Call:
        return calls[0]

    def fate(self, call: Call) -> Fate:
        return self.fates.pop(call.what, Fate.PASSES)

    def delay(self, caller: Caller) -> float:
        return 0.0


@pytest.fixture
def dice() -> FirstComeFirstServed:
    return FirstComeFirstServed()


@pytest.fixture
def gate(dice: FirstComeFirstServed) -> Generator[Gate]:
    monitor = Monitor(shared_server().url())
    monitor.execute("CREATE TABLE simulated (number int)")
    monitor.execute("INSERT INTO simulated VALUES (0)")
    yield Gate(VirtualClock(), monitor, dice)
    monitor.execute("DROP TABLE simulated")
    monitor.close()


def play(gate: Gate, *stories: Story) -> None:
    """Tell each story in a process of its own, at the same time."""
    processes = [Process(f"process {number}", gate) for number in range(len(stories))]

    async def together() -> None:
        told = [process.spawn(story()) for process, story in zip(processes, stories, strict=True)]
        _ = await asyncio.wait(told)
        for task in told:
            if not task.cancelled():
                task.result()

    with virtual_time(gate.clock), gated(gate):
        loop = VirtualLoop(gate.clock, gate.idle)
        try:
            loop.run_until_complete(together())
        finally:
            left = [task for process in processes for task in process.tasks]
            for process in processes:
                process.crash()
            if left:
                _ = loop.run_until_complete(asyncio.wait(left))
            loop.close()


def add_one(*, pause: float = 0.0) -> Story:
    """Add one to the number, in a transaction that sleeps before it commits."""

    async def story() -> None:
        connection = await asyncpg.connect(shared_server().url())
        async with connection.transaction():
            _ = await connection.execute(_UPDATE)
            if pause:
                await asyncio.sleep(pause)
        await connection.close()

    return story


def number(gate: Gate) -> int:
    """What is in the database now."""
    seen: list[int] = []

    async def look() -> None:
        connection = await asyncpg.connect(shared_server().url())
        seen.append(await connection.fetchval("SELECT number FROM simulated"))
        await connection.close()

    play(gate, look)
    return seen[0]


def test_an_hour_of_waiting_takes_no_time(gate: Gate) -> None:
    began = real_monotonic()
    play(gate, lambda: asyncio.sleep(3600))
    assert gate.clock.passed == pytest.approx(3600)
    assert real_monotonic() - began < 60


def test_time_stands_still_while_the_database_works(gate: Gate) -> None:
    play(gate, add_one())
    assert gate.clock.passed == 0
    assert number(gate) == 1


def test_whoever_waits_for_a_lock_lets_its_holder_go_on(gate: Gate) -> None:
    play(gate, add_one(), add_one(), add_one())
    assert sum("waits for a lock" in line for line in gate.trace) >= 2
    assert number(gate) == 3


class Waits:
    """A view of a server on which one session waits for a lock."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def blocked(self, pids: Collection[int]) -> set[int]:
        return {self._pid} & {*pids}


def test_the_holder_of_a_lock_is_answered_before_who_waited_for_it() -> None:
    gate = Gate(VirtualClock(), cast("Monitor", Waits(1)), FirstComeFirstServed())
    sent: list[asyncio.Future[None]] = []
    seen: list[str] = []

    def wire(timeout: float | None) -> Events:
        """When both have been sent, the answer of the one who waits is there first."""
        time.sleep(timeout or 0)
        open_ones = [answer for answer in sent if not answer.done()]
        if len(sent) == 2 and open_ones:
            open_ones[0].set_result(None)
        return []

    async def ask(name: str, pid: int) -> None:
        def send() -> "asyncio.Future[None]":
            sent.append(loop.create_future())
            return sent[-1]

        await gate.call(Process(name, gate), name, send, Flight(pid))
        seen.append(name)

    async def both() -> None:
        _ = await asyncio.gather(ask("waits", 1), ask("holds", 2))

    loop = VirtualLoop(gate.clock, lambda timeout, _: gate.idle(timeout, wire))
    with virtual_time(gate.clock):
        loop.run_until_complete(both())
    loop.close()
    assert seen == ["holds", "waits"]


def test_a_lock_that_is_held_while_sleeping_is_found(gate: Gate) -> None:
    with pytest.raises(Stuck, match="something else than the database"):
        play(gate, add_one(pause=1), add_one(pause=1))


@pytest.mark.parametrize(
    ("fate", "left"), [(Fate.CRASH_BEFORE, 0), (Fate.CRASH_AFTER, 1)], ids=["before", "after"]
)
def test_a_crash_at_the_commit_leaves_what_the_server_had_seen(
    gate: Gate, dice: FirstComeFirstServed, fate: Fate, left: int
) -> None:
    dice.fates["COMMIT;"] = fate
    play(gate, add_one())
    assert any(fate.value in line for line in gate.trace)
    assert number(gate) == left


def test_a_connection_that_is_lost_before_the_commit_takes_nothing_with_it(
    gate: Gate, dice: FirstComeFirstServed
) -> None:
    dice.fates["COMMIT;"] = Fate.LOST_BEFORE
    with pytest.raises((asyncpg.InterfaceError, asyncpg.PostgresConnectionError)):
        play(gate, add_one())
    assert number(gate) == 0
