"""The watch sees what it is there to see."""

from collections.abc import AsyncGenerator
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from tests.plans.watch import Watch, big_tables

from wareflow_kit.testing import shared_server
from wareflow_kit.urls import async_url

_TABLE = """
CREATE TABLE thing AS SELECT n AS id, n % 2 = 0 AS even, md5(n::text) AS name
FROM generate_series(1, 20000) AS n
"""


@pytest.fixture(scope="module")
async def engine() -> AsyncGenerator[AsyncEngine]:
    """A database with a table of 20,000 rows."""
    url = await shared_server().aensure_database(f"watch_{uuid4().hex[:8]}")
    engine = create_async_engine(async_url(url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in (_TABLE, "CREATE UNIQUE INDEX ON thing (id)", "ANALYZE"):
            await connection.exec_driver_sql(statement)
    yield engine
    await engine.dispose()


async def _faults(engine: AsyncEngine, statement: str, *parameters: object) -> list[str]:
    watch = Watch(await big_tables(engine))
    with watch.over(engine):
        async with engine.connect() as connection:
            await connection.exec_driver_sql(statement, parameters)
    assert watch.seen == 1
    return [table for _, table in watch.faults]


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("SELECT * FROM thing WHERE name = $1", ("x",)),
        ("SELECT * FROM thing WHERE name = $1 LIMIT 1", ("x",)),
        ("SELECT * FROM thing ORDER BY name LIMIT 10", ()),
        ("UPDATE thing SET even = false WHERE name = $1", ("x",)),
        ("SELECT count(*) FROM thing WHERE id > 0", ()),
        ("WITH t AS MATERIALIZED (SELECT * FROM thing WHERE name = $1) SELECT * FROM t", ("x",)),
    ],
)
async def test_a_statement_that_reads_a_table_whole_is_seen(
    engine: AsyncEngine, statement: str, parameters: tuple[object, ...]
) -> None:
    assert await _faults(engine, statement, *parameters) == ["thing"]


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("SELECT * FROM thing WHERE id = $1", (7,)),
        ("SELECT * FROM thing ORDER BY id LIMIT 10", ()),
        ("SELECT * FROM thing WHERE id > $1 ORDER BY id LIMIT 10", (7,)),
        ("SELECT EXISTS (SELECT FROM thing)", ()),
        ("UPDATE thing SET even = false WHERE id = $1", (7,)),
    ],
)
async def test_a_statement_that_finds_its_rows_is_not(
    engine: AsyncEngine, statement: str, parameters: tuple[object, ...]
) -> None:
    assert await _faults(engine, statement, *parameters) == []
