"""Generated data: the same each time, true to the services' own rules, and findable."""

from collections.abc import Mapping
from importlib import import_module

import asyncpg
import pytest
from bench.data.catalogue import products
from bench.data.fill import fill_catalogue, fill_orders
from bench.data.ids import SQL, made, made_at
from bench.data.words import queries, title

from wareflow.house import SERVICES, checks_of
from wareflow_kit.testing import fresh_database, shared_server

PRODUCTS, ORDERS = 40, 30


def test_a_product_is_the_same_each_time() -> None:
    assert products(range(5)).by_table == products(range(5)).by_table


def test_titles_are_distinct() -> None:
    assert len({title(number) for number in range(20_000)}) == 20_000


def test_every_query_names_words_that_products_have() -> None:
    sold = " ".join(title(number) for number in range(2_000)).lower()
    assert all(word in sold for query in queries() for word in query.split())


async def test_sql_and_python_make_the_same_ids() -> None:
    connection = await asyncpg.connect(shared_server().url())
    _ = await connection.execute(SQL)
    row = await connection.fetchrow("SELECT pg_temp.made('order', 77), pg_temp.made_at(77)")
    await connection.close()
    assert tuple(row or ()) == (made("order", 77), made_at(77))
    assert made("order", 77).version == 7


async def _breaches(service: str, url: str) -> Mapping[str, int]:
    connection = await asyncpg.connect(url)
    try:
        found = {check.name: len(await connection.fetch(check.sql)) for check in checks_of(service)}
    finally:
        await connection.close()
    return {name: rows for name, rows in found.items() if rows}


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "catalog"])
async def test_generated_rows_hold_the_promises_of(service: str) -> None:
    _ = import_module(f"{service}.main")
    async with fresh_database(service) as url:
        await fill_catalogue({service: url}, range(PRODUCTS))
        await fill_orders({service: url}, range(ORDERS), catalogue=PRODUCTS)
        await fill_catalogue({service: url}, range(PRODUCTS, PRODUCTS + 5))
        await fill_orders({service: url}, range(ORDERS, ORDERS + 5), catalogue=PRODUCTS)
        assert await _breaches(service, url) == {}
