"""Completed orders: cart, two lines, checkout, reserved, paid, confirmed, over the public API."""

import statistics
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from bench.children import floor
from bench.data.catalogue import products
from bench.data.words import title
from bench.load import figure, percentile
from bench.processor import spent
from bench.rows import Row, Rows
from bench.shop import OpenShop
from bench.shopper import Visits, crowd
from bench.stage import Stage
from wareflow_kit.urls import dsn

NAME, TITLE = "orders", "Completing orders"
_SCHEMA = Path(__file__).parents[1] / "floors" / "orders.sql"
_FLOOR = "bench_floor"
_PLENTY = 100_000


async def measure(stage: Stage) -> list[Row]:
    """The shop in one process, and over Kafka, each beside the floor program."""
    found: list[Row] = []
    for broker in stage.sizes.brokers:
        shop = await stage.shop(broker)
        database = await prepared_floor(shop, range(stage.sizes.products))
        output = stage.folder / f"floor-orders-{broker}.log"
        async with floor("orders", database, output=output) as address:
            for at_once in stage.sizes.shoppers:
                stage.say(f"orders: {at_once} shoppers on {broker}")
                found += await _beside(stage, broker, shop, address, at_once)
    return found


async def prepared_floor(shop: OpenShop, numbers: range) -> str:
    """The floor's database on the shop's own server, with the same variants; its address."""
    return await make_floor(shop.running.postgres, _FLOOR, numbers, units=_PLENTY)


async def make_floor(server_url: str, name: str, numbers: range, *, units: int) -> str:
    """A fresh database for the floor program, with so many units of each variant."""
    server = await asyncpg.connect(server_url)
    try:
        _ = await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        _ = await server.execute(f"CREATE DATABASE {name}")
    finally:
        await server.close()
    url = dsn(server_url, database=name)
    connection = await asyncpg.connect(url)
    try:
        _ = await connection.execute(_SCHEMA.read_text())
        _ = await connection.copy_records_to_table("variant", records=_variants(numbers, units))
        _ = await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return url


def _variants(numbers: range, units: int) -> list[tuple[Any, ...]]:
    return [
        (price[0], f"P{number}", title(number), price[4], units, 0)
        for number in numbers
        for price in products([number]).by_table["orders", "price_copy"]
    ]


async def _beside(
    stage: Stage, broker: str, shop: OpenShop, floor_at: str, at_once: int
) -> list[Row]:
    services = shop.running.services
    floors = dict.fromkeys(services, floor_at)
    visits = partial(crowd, at_once=at_once, most=stage.sizes.visits, products=stage.sizes.products)
    for one in (services, floors):
        _ = await visits(one, seconds=stage.sizes.order_seconds / 3, seed=0)
    mine: list[Visits] = []
    bare: list[Visits] = []
    took: Counter[str] = Counter()
    for seed in range(1, stage.sizes.reads.rounds + 1):
        before = spent(shop.pid)
        mine.append(await visits(services, seconds=stage.sizes.order_seconds, seed=seed))
        took += spent(shop.pid) - before
        bare.append(await visits(floors, seconds=stage.sizes.order_seconds, seed=seed))
    where = f"{broker}, {at_once} shoppers"
    return [*_rows(where, mine, bare), *_processor(where, mine, took)]


def _processor(where: str, mine: Sequence[Visits], took: Counter[str]) -> list[Row]:
    """What bounds it: all this time comes from one core."""
    rows, orders = Rows(NAME), sum(len(visits.orders.waits) for visits in mine)
    return [
        rows.cost(f"{where}: processor time of {kind} per order", milliseconds / orders, "ms")
        for kind, milliseconds in took.most_common()
    ]


def _rows(where: str, mine: Sequence[Visits], bare: Sequence[Visits]) -> list[Row]:
    rows = Rows(NAME)
    whole, least = figure([v.orders for v in mine]), figure([v.orders for v in bare])
    found = [
        rows.rate(
            f"{where}: completed orders",
            *(whole.rate, "per s"),
            floor=least.rate,
            p50=whole.p50,
            p99=whole.p99,
        )
    ]
    for step in mine[0].steps:
        took, least_took = _step(step, mine), _step(step, bare)
        assert took is not None
        least_p50 = least_took[0] if least_took else None
        found.append(
            rows.cost(
                *(f"{where}: {step}", took[0], "ms"), floor=least_p50, p50=took[0], p99=took[1]
            )
        )
    return found


def _step(step: str, visits: Sequence[Visits]) -> tuple[float, float] | None:
    """The medians of p50 and p99 in milliseconds; None where nobody did that."""
    waits = [v.steps[step].waits for v in visits if step in v.steps]
    if not waits:
        return None
    return (
        statistics.median(percentile(one, 0.5) for one in waits) * 1000,
        statistics.median(percentile(one, 0.99) for one in waits) * 1000,
    )
