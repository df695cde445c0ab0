"""What each read and an order cost with ten times the products and the orders.

A shared machine is not as fast in one minute as in the next: so both shops are open, and asked in
turns.
"""

import random
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.client import Connection, request
from bench.data.fill import fill_catalogue, fill_orders
from bench.data.ids import made
from bench.data.words import title
from bench.load import Unexpected
from bench.rows import Row, Rows, grows_at_most
from bench.shop import OpenShop, open_shop
from bench.shopper import crowd
from bench.sizes import Sizes
from bench.stage import Stage
from wareflow_kit.paging import encode_cursor

NAME, TITLE = "growth", "Growth: ten times the catalogue and ten times the orders"
_TIMES = 10
Path = Callable[[random.Random, int], str]


def _after(chance: random.Random, size: int) -> str:
    number = chance.randrange(size)
    return encode_cursor(title(number).lower(), made("product", number))


def _some(kind: str, chance: random.Random, size: int) -> str:
    return str(made(kind, chance.randrange(size)))


PUBLIC: Mapping[str, Path] = {
    "a product": lambda c, n: f"/catalog/v1/products/{_some('product', c, n)}",
    "a list of 24": lambda c, n: f"/catalog/v1/products?after={_after(c, n)}",
    "a list of 24 by price": lambda _, __: "/catalog/v1/products?sort=price",
    "a search for words of few products": lambda c, n: (
        f"/catalog/v1/search?{urlencode({'q': title(c.randrange(n))})}"
    ),
}
STAFF: Mapping[str, Path] = {
    "an order": lambda c, n: f"/orders/v1/orders/{_some('order', c, n)}",
    "the newest orders": lambda _, __: "/orders/v1/orders",
    "a customer's orders": lambda c, n: (
        f"/orders/v1/orders?customer_id={_some('customer', c, n // 3)}"
    ),
    "an order by its number": lambda c, n: f"/orders/v1/orders?number=P-{c.randrange(n)}",
    "a stock level": lambda c, n: f"/inventory/v1/levels/{made('variant', c.randrange(n) * 8 + 1)}",
    "a variant's movements": lambda c, n: (
        f"/inventory/v1/movements?variant_id={made('variant', c.randrange(n) * 8 + 1)}"
    ),
    "a payment": lambda c, n: f"/payments/v1/payments/{_some('order', c, n)}",
    "the newest payments": lambda _, __: "/payments/v1/payments",
    "a customer": lambda c, n: f"/crm/v1/customers/{_some('customer', c, n // 3)}",
    "a customer's timeline": lambda c, n: (
        f"/crm/v1/customers/{_some('customer', c, n // 3)}/timeline"
    ),
}


async def measure(stage: Stage) -> list[Row]:
    """Two shops, the large one with ten times as much, asked in turns."""
    small = stage.sizes.grown_from
    large = small * _TIMES
    async with (
        open_shop(stage.folder / "growth-small") as less,
        open_shop(stage.folder / "growth-large") as more,
    ):
        sized = (_Sized(less, small), _Sized(more, large))
        for one in sized:
            stage.say(f"growth: filling up to {one.size:,} products and orders")
            await one.fill()
        rows, found = Rows(NAME), list[Row]()
        for name, path in {**PUBLIC, **STAFF}.items():
            stage.say(f"growth: {name}")
            staff, requests = name in STAFF, stage.sizes.growth_requests
            took = await _in_turns(
                stage, [one.reading(path, staff=staff, requests=requests) for one in sized]
            )
            found.append(_row(rows, name, took))
        stage.say("growth: completing an order")
        took = await _in_turns(stage, [one.buying(stage.sizes) for one in sized])
        return [*found, _row(rows, "completing an order", took)]


def _row(rows: Rows, name: str, took: tuple[float, float]) -> Row:
    return rows.growth(name, small=took[0], large=took[1], unit="ms", aim=grows_at_most(1.5))


Waits = Callable[[int], Awaitable[Sequence[float]]]
"""Does something in the round of this number; the seconds that each took."""


async def _in_turns(stage: Stage, works: Sequence[Waits]) -> tuple[float, float]:
    """Milliseconds in the small shop and in the large one: the medians of the rounds' medians."""
    found: list[list[float]] = [[] for _ in works]
    for number in range(stage.sizes.reads.rounds + 1):
        for medians, work in zip(found, works, strict=True):
            medians.append(statistics.median(await work(number)) * 1000)
    small, large = (statistics.median(medians[1:]) for medians in found)  # the first is to warm up
    return small, large


@dataclass(frozen=True)
class _Sized:
    shop: OpenShop
    size: int

    async def fill(self) -> None:
        numbers = range(self.size)
        await self.shop.hears_of_its_channel()
        await fill_catalogue(self.shop.databases, numbers)
        await fill_orders(self.shop.databases, numbers, catalogue=self.size)

    def reading(self, path: Path, *, staff: bool, requests: int) -> Waits:
        """So many a round, one at a time, and nothing that was kept."""
        chance = random.Random(self.size)
        headers = {"Cache-Control": "no-cache"}
        if staff:
            headers["Authorization"] = f"Bearer {self.shop.running.staff_token}"
        address = self.shop.of(path(random.Random(0), 10).split("/", 2)[1])

        async def read(_: int) -> list[float]:
            with closing(Connection(address)) as line:
                return [
                    await self._wait(line, path(chance, self.size), headers)
                    for _ in range(requests)
                ]

        return read

    async def _wait(self, line: Connection, path: str, headers: Mapping[str, str]) -> float:
        sent = request("GET", path, headers=headers)
        began = time.perf_counter()
        answer = await line.ask(sent)
        if answer.status != 200:
            raise Unexpected(f"{path}: {answer.status} {answer.body[:300]!r}")
        return time.perf_counter() - began

    def buying(self, sizes: Sizes) -> Waits:
        async def buy(number: int) -> Sequence[float]:
            visits = await crowd(
                self.shop.running.services,
                at_once=1,
                seconds=sizes.order_seconds,
                most=sizes.visits,
                products=self.size,
                seed=number,
            )
            return visits.orders.waits

        return buy
