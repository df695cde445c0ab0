"""Where the processor time of an order, a product's page and a list goes."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.data.fill import fill_catalogue
from bench.load import Reads
from bench.measures import listing, product
from bench.processor import spent
from bench.reading import Question
from bench.rows import Row, Rows
from bench.shop import OpenShop, open_shop, until
from bench.shopper import crowd
from bench.stage import Stage

NAME, TITLE = "profile", "Where the processor time goes"
_SAMPLER = Path(__file__).parents[1] / "sampler"
_SHOPPERS = 32
_MOST = 12


async def measure(stage: Stage) -> list[Row]:
    """A shop of its own, that samples itself: it is a tenth slower for that."""
    stage.say("profile: an order, a product once, a list once")
    samples = stage.folder / "samples.json"
    environment = {"PYTHONPATH": str(_SAMPLER), "WAREFLOW_SAMPLES": str(samples)}
    numbers, seconds = range(stage.sizes.products), 2 * stage.sizes.reads.seconds
    async with open_shop(stage.folder / "shop-sampled", environment=environment) as shop:
        await shop.hears_of_its_channel()
        await fill_catalogue(shop.databases, numbers)

        async def buy() -> int:
            found = await crowd(
                shop.running.services,
                at_once=min(_SHOPPERS, stage.sizes.shoppers[-1]),
                seconds=4 * seconds if stage.sizes.visits is None else 0,
                most=stage.sizes.visits,
                products=len(numbers),
                seed=1,
            )
            return len(found.orders.waits)

        def reading(path: Callable[[int], str]) -> Callable[[], Awaitable[int]]:
            async def read() -> int:
                asked = Question(NAME, path, ()).once(len(numbers))
                found = await Reads(shop.of("catalog"), asked).for_a_while(seconds, at_once=8)
                return len(found.waits)

            return read

        return [
            *await _profiled(shop, samples, "an order", buy, tasks=True),
            *await _profiled(shop, samples, "a product once", reading(product.path)),
            *await _profiled(shop, samples, "a list once", reading(listing.path)),
        ]


async def _profiled(
    shop: OpenShop,
    samples: Path,
    what: str,
    work: Callable[[], Awaitable[int]],
    *,
    tasks: bool = False,
) -> list[Row]:
    _ = await work()  # warm
    before = spent(shop.pid)
    os.kill(shop.pid, signal.SIGUSR2)
    done = await work()
    os.kill(shop.pid, signal.SIGUSR2)
    took = spent(shop.pid)
    took.subtract(before)  # which keeps what was too short to be counted

    async def written() -> bool:
        return await asyncio.to_thread(samples.exists)

    await until(written)
    noted = json.loads(await asyncio.to_thread(samples.read_text))
    await asyncio.to_thread(samples.unlink)
    by_library, by_task = Counter[str](), Counter[str]()
    for doing, library, count in noted:
        by_library[library] += count
        by_task[doing] += count
    rows = Rows(NAME)
    each = took["Python"] / done / max(1, by_library.total())
    return [
        *(rows.cost(f"{what}: {kind}", ms / done, "ms") for kind, ms in took.most_common()),
        *_shares(rows, f"{what}: Python in", by_library, each),
        *(_shares(rows, f"{what}: Python for", by_task, each) if tasks else ()),
    ]


def _shares(rows: Rows, of: str, counted: Counter[str], each: float) -> list[Row]:
    return [
        rows.cost(f"{of} {name}", count * each, "ms") for name, count in counted.most_common(_MOST)
    ]
