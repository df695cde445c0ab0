"""Many wait, one looks."""

import asyncio
from uuid import UUID, uuid4

import pytest

from wareflow_events.bell import Bell
from wareflow_kit.waiting import Waiting


class Rows:
    """A table of states, and how often it was asked."""

    def __init__(self) -> None:
        self.states: dict[UUID, str] = {}
        self.asked: list[int] = []
        self.broken = False

    async def fetch(self, ids: list[UUID]) -> dict[UUID, str]:
        self.asked.append(len(ids))
        if self.broken:
            raise ConnectionError
        return {one: self.states[one] for one in ids if one in self.states}


def settled(state: str) -> bool:
    return state != "placed"


@pytest.fixture
def rows() -> Rows:
    return Rows()


async def looked(rows: Rows, times: int = 1) -> None:
    before = len(rows.asked)
    async with asyncio.timeout(5):
        while len(rows.asked) < before + times:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def test_a_state_that_is_enough_ends_the_wait(rows: Rows) -> None:
    waiting, order = Waiting(rows.fetch, Bell(), poll=0.001), uuid4()
    rows.states[order] = "placed"
    answer = asyncio.create_task(waiting.until(order, settled, timeout=5))
    await looked(rows, 2)
    assert not answer.done()
    rows.states[order] = "confirmed"
    assert await answer == "confirmed"


async def test_a_ring_wakes_those_who_wait(rows: Rows) -> None:
    bell = Bell()
    waiting, order = Waiting(rows.fetch, bell, poll=60), uuid4()
    answer = asyncio.create_task(waiting.until(order, settled, timeout=5))
    await looked(rows)
    rows.states[order] = "confirmed"
    bell.ring()
    assert await answer == "confirmed"


async def test_when_time_is_up_there_is_no_answer(rows: Rows) -> None:
    waiting = Waiting(rows.fetch, Bell(), poll=0.001)
    assert await waiting.until(uuid4(), settled, timeout=0.02) is None
    assert await waiting.until(uuid4(), settled, timeout=0) is None


async def test_all_who_wait_are_asked_for_in_one_query(rows: Rows) -> None:
    waiting, ids = Waiting(rows.fetch, Bell(), poll=0.001), [uuid4() for _ in range(50)]
    answers = [asyncio.create_task(waiting.until(one, settled, timeout=5)) for one in ids]
    twin = asyncio.create_task(waiting.until(ids[0], settled, timeout=5))
    await looked(rows, 2)
    assert max(rows.asked) == 50
    rows.states.update(dict.fromkeys(ids, "confirmed"))
    assert set(await asyncio.gather(*answers, twin)) == {"confirmed"}


async def test_nobody_waiting_means_nobody_looking(rows: Rows) -> None:
    waiting = Waiting(rows.fetch, Bell(), poll=0.001)
    _ = await waiting.until(uuid4(), settled, timeout=0.01)
    assert waiting._looking is not None
    await asyncio.wait_for(waiting._looking, timeout=5)
    asked = len(rows.asked)
    await asyncio.sleep(0.02)
    assert len(rows.asked) == asked
    order = uuid4()
    rows.states[order] = "confirmed"
    assert await waiting.until(order, settled, timeout=5) == "confirmed"


async def test_a_fault_of_the_database_is_waited_out(rows: Rows) -> None:
    waiting, order = Waiting(rows.fetch, Bell(), poll=0.001), uuid4()
    rows.states[order] = "confirmed"
    rows.broken = True
    answer = asyncio.create_task(waiting.until(order, settled, timeout=5))
    await looked(rows)
    rows.broken = False
    assert await answer == "confirmed"


async def test_a_mistake_of_one_asker_hurts_no_other(rows: Rows) -> None:
    waiting, order = Waiting(rows.fetch, Bell(), poll=0.001), uuid4()
    rows.states[order] = "confirmed"

    def mistaken(_state: str) -> bool:
        raise LookupError

    wrong = asyncio.create_task(waiting.until(order, mistaken, timeout=5))
    right = asyncio.create_task(waiting.until(order, settled, timeout=5))
    assert await right == "confirmed"
    with pytest.raises(LookupError):
        _ = await wrong


async def test_one_who_goes_away_is_forgotten(rows: Rows) -> None:
    waiting = Waiting(rows.fetch, Bell(), poll=0.001)
    gone = asyncio.create_task(waiting.until(uuid4(), settled, timeout=60))
    await looked(rows)
    _ = gone.cancel()
    _ = await asyncio.gather(gone, return_exceptions=True)
    assert waiting._looking is not None
    await asyncio.wait_for(waiting._looking, timeout=5)


async def test_a_bell_that_never_rests_is_no_busy_loop(rows: Rows) -> None:
    bell = Bell()
    waiting = Waiting(rows.fetch, bell, poll=60)
    answer = asyncio.create_task(waiting.until(uuid4(), settled, timeout=0.1))
    while not answer.done():
        bell.ring()
        await asyncio.sleep(0)
    assert len(rows.asked) <= 25
