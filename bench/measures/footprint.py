"""How soon the shop answers, and how much memory it takes, PostgreSQL included."""

import asyncio
from typing import Any

from bench.data.fill import fill_catalogue
from bench.machine import CORES
from bench.memory import megabytes, tree
from bench.rows import Row, Rows, under
from bench.shop import OpenShop, open_shop
from bench.shopper import crowd
from bench.stage import Stage

NAME, TITLE = "footprint", "Start and memory"
_PRODUCTS = 100
_SHOPPERS = 8


async def measure(stage: Stage) -> list[Row]:
    """A shop in one process: first start, second start, at rest and under load.

    Nobody makes load while it starts: it has the whole machine then, as with `make run`, and once
    more the one core that it has else.
    """
    rows, data = Rows(NAME), stage.folder / "footprint"
    stage.say(f"footprint: started on {len(CORES)} cores")
    async with open_shop(stage.folder / "started", cores=CORES) as shop:
        first_on_all = shop.started_in
    async with open_shop(stage.folder / "started", cores=CORES) as shop:
        again_on_all = shop.started_in
    stage.say("footprint: first start")
    async with open_shop(data) as shop:
        first = shop.started_in
        await shop.hears_of_its_channel()
        await fill_catalogue(shop.databases, range(_PRODUCTS))
    stage.say("footprint: second start, at rest")
    async with open_shop(data) as shop:
        again = shop.started_in
        at_rest = await _most_of(shop, asyncio.sleep(min(5.0, stage.sizes.order_seconds + 0.5)))
        stage.say("footprint: under load")
        loaded = await _most_of(shop, _load(shop, stage))
    return [
        rows.cost("start, the first time", first_on_all, "s", aim=under(5, "s")),
        rows.cost("start, with data", again_on_all, "s", aim=under(5, "s")),
        rows.cost("start on one core, the first time", first, "s"),
        rows.cost("start on one core, with data", again, "s"),
        rows.cost("memory at rest (PSS)", at_rest, "MB", aim=under(350, "MB")),
        rows.cost(f"memory with {_SHOPPERS} shoppers (PSS)", loaded, "MB"),
    ]


def _load(shop: OpenShop, stage: Stage) -> Any:
    return crowd(
        shop.running.services,
        at_once=_SHOPPERS,
        seconds=stage.sizes.order_seconds * 2,
        most=stage.sizes.visits,
        products=_PRODUCTS,
        seed=1,
    )


async def _most_of(shop: OpenShop, work: Any) -> float:
    """The most megabytes that the shop took at any look while something went on."""
    task = asyncio.ensure_future(work)
    most = 0.0
    while not task.done():
        most = max(most, megabytes(tree(shop.pid)))
        _ = await asyncio.wait({task}, timeout=0.5)
    _ = await task
    return most
