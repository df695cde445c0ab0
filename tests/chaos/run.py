"""A chaos run: shoppers buy while the schedule strikes; then peace, redrive, and the verdict."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from tests.chaos.patient import Patient
from tests.chaos.schedule import Strike, schedule
from tests.chaos.stages import UP_WITHIN, Stage
from tests.chaos.striking import Striker
from tests.chaos.verdict import Found, ask_everything, redrive_poison
from tests.integration.story import open_orders

from wareflow.commands.serve import filled
from wareflow.house import House, open_house
from wareflow.settling import settle
from wareflow.shop import Shop, Staff
from wareflow.shoppers import Crowd, Habits, Tally, look_around, send_crowd, top_up

_HABITS = Habits(cancels=0.1, leaves_the_cart=0.05, searches=0.1, repeats_checkout=0.2)
_PATIENCE = 90.0
_SETTLES_WITHIN = 300.0
_ENDS_WITHIN = 60.0


@dataclass(frozen=True)
class Plan:
    """How long, which seed, how many visits a second."""

    seconds: float
    seed: int
    rate: float = 5.0
    at_once: int = 60


@dataclass(frozen=True)
class Watch:
    """Who is told how it goes."""

    strikes: Callable[[Strike], None] = lambda _: None
    shoppers: Callable[[Tally], None] = lambda _: None
    phase: Callable[[str], None] = lambda _: None


async def run(stage: Stage, plan: Plan, watch: Watch) -> Found:
    """Strike the shop on the stage for so long, and say what broke."""
    found = Found()
    striker = Striker(stage, seed=plan.seed)
    strikes = schedule(seed=plan.seed, seconds=plan.seconds, embedded=stage.kafka is None)
    _ = await filled(stage.running())
    async with _shoppers(stage, plan, watch, found):
        await striker.play(strikes, tell=watch.strikes)
        found.hits = striker.hits
    watch.phase("peace: everything comes up")
    stage.peace.touch()
    await striker.gateway.behave()
    await stage.until_ready(within=UP_WITHIN)
    async with open_house(stage.running()) as house:
        await _settle(house, found, watch)
        watch.phase("asking every promise")
        await ask_everything(house, found)
    return found


@asynccontextmanager
async def _shoppers(stage: Stage, plan: Plan, watch: Watch, found: Found) -> AsyncGenerator[None]:
    """Shoppers come for the whole time, and finish what they are at."""
    patient, enough = Patient(patience=_PATIENCE), asyncio.Event()
    async with httpx.AsyncClient(transport=patient, timeout=30) as http:
        shop = Shop.of(stage.running(), http)
        shelf = await look_around(shop)
        await top_up(Staff(shop, stage.running().staff_token), shelf)
        crowd = Crowd(10**9, plan.rate, plan.seed, at_once=plan.at_once, habits=_HABITS)
        sending = asyncio.create_task(
            send_crowd(shop, shelf, crowd, progress=watch.shoppers, until=enough)
        )
        try:
            yield
        finally:
            watch.phase("the last shoppers finish")
            enough.set()
            tally = await sending
    found.breaches += tally.faults + patient.gave_up


async def _settle(house: House, found: Found, watch: Watch) -> None:
    """Redrive, and wait until nothing is left to do."""
    watch.phase("redriving dead letters")
    _ = await redrive_poison(house, found)
    watch.phase("the last deadlines pass")
    await _until_ended(house)
    left = await settle(
        house, timeout=_SETTLES_WITHIN, progress=lambda now: watch.phase(f"settling: {now}")
    )
    if left.total:
        found.breaches.append(f"not settled after {_SETTLES_WITHIN:.0f} s: {left}")
    elif await redrive_poison(house, found):  # it was just dying when peace came
        await _settle(house, found, watch)


async def _until_ended(house: House) -> None:
    """Wait for the end of every order."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_ENDS_WITHIN):
            while await open_orders(house):  # noqa: ASYNC110  the shop does it
                await asyncio.sleep(0.2)
