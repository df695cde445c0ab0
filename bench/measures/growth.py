"""What each read and an order cost with ten times the products and the orders.

A shared machine is not as fast in one minute as in the next. So a page that is always the same is
asked for beside each read, and what the large shop took is told at the pace of the small one.
"""

import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
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
from bench.stage import Stage
from wareflow_kit.paging import encode_cursor

NAME, TITLE = "growth", "Growth: ten times the catalogue and ten times the orders"
_TIMES = 10
_SAME = request("GET", "/health/live")
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
    """One shop, measured, filled up to ten times as much, and measured again."""
    small = stage.sizes.grown_from
    async with open_shop(stage.folder / "growth") as shop:
        await shop.hears_of_its_channel()
        await _fill(stage, shop, range(small))
        before = await _costs(stage, shop, small)
        await _fill(stage, shop, range(small, small * _TIMES))
        after = await _costs(stage, shop, small * _TIMES)
    rows, aim = Rows(NAME), grows_at_most(1.5)
    return [
        rows.growth(
            name, small=took.read, large=after[name].at_the_pace_of(took), unit="ms", aim=aim
        )
        for name, took in before.items()
    ]


@dataclass(frozen=True)
class _Cost:
    """Milliseconds of a read, and of the page that is always the same."""

    read: float
    same: float

    def at_the_pace_of(self, other: "_Cost") -> float:
        return self.read * other.same / self.same


async def _fill(stage: Stage, shop: OpenShop, numbers: range) -> None:
    stage.say(f"growth: filling up to {numbers.stop:,} products and orders")
    await fill_catalogue(shop.databases, numbers)
    await fill_orders(shop.databases, numbers, catalogue=numbers.stop)


async def _costs(stage: Stage, shop: OpenShop, size: int) -> dict[str, _Cost]:
    """Of each read, one at a time, and of a whole order."""
    found: dict[str, _Cost] = {}
    for name, path in {**PUBLIC, **STAFF}.items():
        stage.say(f"growth: {name}, of {size:,}")
        token = shop.running.staff_token if name in STAFF else None
        service = path(random.Random(0), 10).split("/", 2)[1]
        found[name] = await _cost(stage, shop.of(service), _requests(path, size, token))
    visits = await crowd(
        shop.running.services,
        at_once=1,
        seconds=stage.sizes.order_seconds,
        most=stage.sizes.visits,
        products=size,
        seed=size,
    )
    took = statistics.median(visits.orders.waits) * 1000
    beside = await _cost(stage, shop.of("orders"), itertools.repeat(_SAME))
    found["completing an order"] = _Cost(took, beside.same)
    return found


def _requests(path: Path, size: int, token: str | None) -> Iterator[bytes]:
    chance = random.Random(size)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    while True:
        yield request("GET", path(chance, size), headers=headers)


async def _cost(stage: Stage, address: str, requests: Iterator[bytes]) -> _Cost:
    """The medians of the rounds' means."""
    number = stage.sizes.growth_requests
    line = Connection(address)
    reads: list[float] = []
    sames: list[float] = []
    try:
        for _ in range(stage.sizes.reads.rounds + 1):  # the first is to warm up
            reads.append(await _mean(line, itertools.islice(requests, number)))
            sames.append(await _mean(line, itertools.repeat(_SAME, number)))
    finally:
        line.close()
    return _Cost(statistics.median(reads[1:]), statistics.median(sames[1:]))


async def _mean(line: Connection, requests: Iterator[bytes]) -> float:
    """Milliseconds of one."""
    began, number = time.perf_counter(), 0
    for sent in requests:
        answer = await line.ask(sent)
        number += 1
        if answer.status != 200:
            raise Unexpected(f"{sent[:200]!r}: {answer.status} {answer.body[:300]!r}")
    return (time.perf_counter() - began) / number * 1000
