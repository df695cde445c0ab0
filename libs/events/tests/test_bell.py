"""A bell wakes whoever waits for it."""

import asyncio

from wareflow_events.bell import Bell


async def test_everybody_who_waits_is_woken() -> None:
    bell = Bell()
    waiting = [asyncio.create_task(bell.wait(30)) for _ in range(3)]
    await asyncio.sleep(0)
    bell.ring()
    assert await asyncio.gather(*waiting) == [True, True, True]


async def test_nobody_waits_for_longer_than_they_said() -> None:
    assert await Bell().wait(0.01) is False


async def test_a_ring_between_the_look_and_the_wait_counts() -> None:
    bell = Bell()
    looked = bell.rung
    bell.ring()
    assert await bell.wait(30, since=looked) is True
    assert await bell.wait(0.01, since=bell.rung) is False
