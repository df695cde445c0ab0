"""A flash sale: one variant, far more buyers than units, all at once."""

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from bench.children import floor
from bench.data.catalogue import products, variant_id
from bench.data.fill import fill_catalogue
from bench.load import percentile
from bench.measures.orders import prepared_floor
from bench.rows import Row, Rows, near
from bench.shop import OpenShop, until
from bench.shopper import Shopper
from bench.stage import Stage

NAME, TITLE = "flash", "A flash sale"
_AT_ONCE = 64

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class Sale:
    """How it went."""

    sold: int
    decided_in: float
    """Seconds from the first checkout to the last answer to one."""
    paid_in: float
    """Seconds until the last winner was confirmed."""
    checkouts: list[float]


class Oversold(AssertionError):
    """More, or less, was sold than there was."""


async def measure(stage: Stage) -> list[Row]:
    """The shop sells exactly what is there, or this fails; beside the floor program."""
    sizes, shop = stage.sizes, await stage.shop()
    number = _scarce(sizes.products, sizes.flash_units)
    variant = str(variant_id(number))
    stage.say(f"flash: {sizes.flash_buyers:,} buyers, {sizes.flash_units:,} units")
    await _put_on_sale(shop, number, variant, sizes.flash_units)
    mine = await _sell(shop.running.services, variant, sizes.flash_buyers)
    await _must_have_sold(shop, variant, sizes.flash_units, mine)
    async with _floor(stage, shop, variant) as floors:
        stage.say("flash: the floor program")
        least = await _sell(floors, variant, sizes.flash_buyers)
    return _rows(sizes.flash_units, sizes.flash_buyers, mine, least)


def _rows(units: int, buyers: int, mine: Sale, least: Sale) -> list[Row]:
    rows, rate = Rows(NAME), buyers / mine.decided_in
    p50, p99 = percentile(mine.checkouts, 0.5) * 1000, percentile(mine.checkouts, 0.99) * 1000
    return [
        rows.rate(
            f"sold of {units:,} units to {buyers:,} buyers",
            mine.sold,
            "units",
            floor=units,
            aim=near(1.0),
        ),
        rows.rate(
            "checkouts decided", rate, "per s", floor=buyers / least.decided_in, p50=p50, p99=p99
        ),
        rows.cost(
            "from the first checkout until all winners were confirmed",
            *(mine.paid_in, "s"),
            floor=least.paid_in,
        ),
    ]


def _scarce(beyond: int, units: int) -> int:
    """A product that is not on sale yet and that comes with no more units than wanted."""
    for number in itertools.count(beyond):
        if _units_of(number) <= units:
            return number
    raise AssertionError("there is always a next product")


def _units_of(number: int) -> int:
    return products([number]).by_table["inventory", "stock_level"][0][2]


async def _put_on_sale(shop: OpenShop, number: int, variant: str, units: int) -> None:
    await fill_catalogue(shop.databases, range(number, number + 1))
    if more := units - _units_of(number):
        said = {"variant_id": variant, "quantity": more}
        key = {"Idempotency-Key": f"flash-{number}"}
        _ = await shop.staff("POST", "/inventory/v1/receipts", json=said, headers=key)
    async with _asking(shop, "orders") as connection:
        query = "SELECT available = $2 FROM stock_copy WHERE variant_id = $1"
        await until(lambda: connection.fetchval(query, variant, units))


async def _sell(services: Mapping[str, str], variant: str, buyers: int) -> Sale:
    waits: dict[str, list[float]] = defaultdict(list)

    def note(step: str, took: float) -> None:
        waits[step].append(took)

    shoppers = [Shopper(services, note=note) for _ in range(min(_AT_ONCE, buyers))]
    try:
        carts = await _each(shoppers, range(buyers), lambda one, _: one.fill_cart([variant]))
        began = time.perf_counter()
        orders = await _each(shoppers, carts, lambda one, cart: one.check_out(*cart))
        decided_in = time.perf_counter() - began
        winners = [one for one in orders if one.status == "awaiting_payment"]
        paid = await _each(shoppers, winners, lambda one, order: one.pay(order))
    finally:
        for shopper in shoppers:
            shopper.close()
    sold = sum(one.status == "confirmed" for one in paid)
    return Sale(sold, decided_in, time.perf_counter() - began, waits["checkout"])


async def _each(
    shoppers: Sequence[Shopper], things: Iterable[T], do: Callable[[Shopper, T], Awaitable[R]]
) -> list[R]:
    """Shoppers take one thing after another until none is left."""
    left = iter(things)

    async def work(shopper: Shopper) -> list[R]:
        return [await do(shopper, thing) for thing in left]

    done = await asyncio.gather(*(work(shopper) for shopper in shoppers))
    return [one for part in done for one in part]


_SOLD = """
SELECT coalesce(sum(quantity), 0) FROM order_line JOIN orders ON orders.id = order_id
WHERE variant_id = $1 AND status = 'confirmed'
"""
_HELD = "SELECT sum(reserved) FROM stock_level WHERE variant_id = $1"


async def _must_have_sold(shop: OpenShop, variant: str, units: int, sale: Sale) -> None:
    async with _asking(shop, "orders") as orders, _asking(shop, "inventory") as inventory:
        sold = int(await orders.fetchval(_SOLD, variant))
        held = int(await inventory.fetchval(_HELD, variant))
    if not sold == held == sale.sold == units:
        raise Oversold(f"{units} units: {sale.sold} confirmed, {sold} sold, {held} held")


@asynccontextmanager
async def _asking(shop: OpenShop, service: str) -> AsyncGenerator["asyncpg.Connection[Any]"]:
    connection = await shop.connect(service)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def _floor(stage: Stage, shop: OpenShop, variant: str) -> AsyncGenerator[Mapping[str, str]]:
    database = await prepared_floor(shop, range(0))
    connection = await asyncpg.connect(database)
    try:
        statement = "INSERT INTO variant VALUES ($1, 'FLASH', 'Flash', 999, $2, 0)"
        _ = await connection.execute(statement, variant, stage.sizes.flash_units)
    finally:
        await connection.close()
    async with floor("orders", database, output=stage.folder / "floor-flash.log") as address:
        yield dict.fromkeys(shop.running.services, address)
