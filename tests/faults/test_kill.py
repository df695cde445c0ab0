"""Any process of the shop is killed while orders run; it comes back, and every promise holds.

`KILLS=3` kills each process so often; the default is once, for CI.
"""

import asyncio
import os
import random
import signal
from collections.abc import Sequence

import pytest
from tests.faults.crew import Crew, crew
from tests.integration.story import eventually

from wareflow.children import Child
from wareflow.shoppers import Crowd, Habits, Tally, send_crowd

KILLS = int(os.environ.get("KILLS", "1"))
SEED = int(os.environ.get("SEED", "1"))


async def kill_each(children: Sequence[Child], *, seed: int) -> int:
    """Kill every process, in a random order, with pauses in which it comes back; how often."""
    chance = random.Random(seed)
    victims = [child for child in children for _ in range(KILLS)]
    chance.shuffle(victims)
    kills = 0
    for child in victims:
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        pid = await eventually(lambda child=child: _pid(child), lambda pid: pid is not None)
        assert pid is not None
        before = child.restarts
        os.kill(pid, signal.SIGKILL)
        kills += 1
        await eventually(
            lambda child=child: _restarts(child), lambda now, before=before: now > before
        )
    return kills


async def _pid(child: Child) -> int | None:
    return child.pid


async def _restarts(child: Child) -> int:
    return child.restarts


async def shop_while_dying(shop: Crew) -> tuple[Tally, int]:
    """Shoppers until every process was killed, and some more."""
    enough = asyncio.Event()
    crowd = Crowd(orders=100_000, rate=8, seed=SEED, at_once=8, habits=Habits(cancels=0.1))
    work = asyncio.create_task(
        send_crowd(shop.shop, shop.shelf, crowd, progress=lambda _: None, until=enough)
    )
    kills = await kill_each(shop.children, seed=SEED)
    await asyncio.sleep(2)
    enough.set()
    return await work, kills


@pytest.mark.kafka
@pytest.mark.timeout(1800)
async def test_every_order_ends_though_every_process_is_killed() -> None:
    async with crew(pay_within="PT10S", reserve_within="PT60S") as shop:
        tally, kills = await shop_while_dying(shop)
        assert kills == len(shop.children) * KILLS
        await shop.everything_holds()
        assert await shop.placed() >= tally.counts["placed"] > 0
