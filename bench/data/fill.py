"""Filling a shop's databases: rows by COPY, what derives from them by the services' own upkeep."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from bench.data.catalogue import COLUMNS, categories, products
from bench.data.ids import SQL, made
from catalog.model.product import Product
from catalog.model.variant import Variant
from catalog.store.listings import refresh_listings
from catalog.store.search import index
from wareflow_events.clock import utc_now
from wareflow_kit.database import engine

Databases = Mapping[str, str]
"""The address of each service's database; only those that are named are filled."""

_PART = 1000
_SCRIPTS = {path.stem: path.read_text() for path in Path(__file__).parent.glob("*.sql")}


async def fill_catalogue(databases: Databases, numbers: range) -> None:
    """Put products of these numbers on sale, with their stock and what other services keep."""
    connections = {name: await asyncpg.connect(url) for name, url in databases.items()}
    try:
        if "catalog" in connections and numbers.start == 0:
            await _copy(connections["catalog"], ("catalog", "category"), list(categories()))
        for start in range(numbers.start, numbers.stop, _PART):
            part = range(start, min(start + _PART, numbers.stop))
            for table, rows in products(part).by_table.items():
                if table[0] in connections and rows:
                    await _copy(connections[table[0]], table, rows)
        if "catalog" in databases:
            await _derive(databases["catalog"], numbers)
        for connection in connections.values():
            _ = await connection.execute("ANALYZE")
    finally:
        for connection in connections.values():
            await connection.close()


async def _copy(
    connection: "asyncpg.Connection[Any]", table: tuple[str, str], rows: Sequence[tuple[Any, ...]]
) -> None:
    _ = await connection.copy_records_to_table(
        table[1], records=rows, columns=COLUMNS[table].split()
    )


async def _derive(url: str, numbers: range) -> None:
    """Lists and the search index, as the catalogue itself derives them."""
    database = engine(url, pool=1, name="bench", statement_timeout=300)
    try:
        for start in range(numbers.start, numbers.stop, _PART):
            part = range(start, min(start + _PART, numbers.stop))
            async with AsyncSession(database) as session, session.begin():
                ids = [made("product", number) for number in part]
                await refresh_listings(session, ids, now=utc_now())
                await index(session, [_described(number) for number in part])
    finally:
        await database.dispose()


def _described(number: int) -> Product:
    """A product with what the search index looks at, and nothing else."""
    rows = products([number]).by_table
    columns, (said,) = COLUMNS["catalog", "product"].split(), rows["catalog", "product"]
    told = dict(zip(columns, said, strict=True))
    found = Product(
        id=told["id"],
        title=told["title"],
        description=told["description"],
        vendor=told["vendor"],
        product_type=told["product_type"],
        tags=told["tags"],
    )
    found.translations = []
    found.variants = [_labelled(row) for row in rows["catalog", "variant"]]
    return found


def _labelled(row: tuple[Any, ...]) -> Variant:
    said = dict(zip(COLUMNS["catalog", "variant"].split(), row, strict=True))
    return Variant(sku=said["sku"], barcode=None, option_values=said["option_values"])


def _filled(script: str, numbers: range, catalogue: int) -> str:
    values = {"from": numbers.start, "until": numbers.stop, "products": catalogue}
    for name, value in values.items():
        script = script.replace(f":{name}", str(value))
    return script


async def fill_orders(databases: Databases, numbers: range, *, catalogue: int) -> None:
    """Give a shop a past: orders of these numbers, with all that each service keeps of them.

    They are orders of the first `catalogue` products, all over and done: confirmed, paid, shipped.
    """
    for service, url in databases.items():
        script = _SCRIPTS.get(service)
        if script is None:
            continue
        connection = await asyncpg.connect(url)
        try:
            _ = await connection.execute(SQL)
            _ = await connection.execute(_filled(script, numbers, catalogue))
            _ = await connection.execute("ANALYZE")
        finally:
            await connection.close()
