"""The engine keeps to its limits, and a read session holds nothing open."""

import asyncio
from decimal import Decimal
from uuid import UUID

import orjson
import pytest
from shop.model import Item
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from wareflow_events.faults import is_transient
from wareflow_kit.database import engine
from wareflow_kit.jsons import to_json
from wareflow_kit.money import Money
from wareflow_kit.service import Service
from wareflow_kit.urls import async_url, database_of, dsn


async def test_a_session_says_whose_it_is_and_how_long_it_may_take(database_url: str) -> None:
    database = engine(
        database_url,
        name="shop",
        statement_timeout=3,
        lock_timeout=2,
        idle_in_transaction_timeout=1,
    )
    names = (
        "application_name",
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "TimeZone",
        "jit",
    )
    async with database.connect() as connection:
        shown = [(await connection.execute(text(f"SHOW {name}"))).scalar_one() for name in names]
    assert shown == ["shop", "3s", "2s", "1s", "UTC", "off"]
    await database.dispose()


async def test_waiting_too_long_for_a_lock_is_a_passing_fault(database_url: str) -> None:
    database = engine(database_url, name="shop", lock_timeout=0.05)
    async with database.begin() as holder, database.connect() as rival:
        _ = await holder.execute(text("LOCK TABLE item"))
        with pytest.raises(DBAPIError) as error:
            _ = await rival.execute(select(Item.id))
    assert is_transient(error.value)
    await database.dispose()


async def test_an_error_does_not_quote_what_was_sent(database_url: str) -> None:
    database = engine(database_url, name="shop")
    with pytest.raises(DBAPIError) as error:
        async with database.connect() as connection:
            _ = await connection.execute(text("SELECT 1 / (length(:name) - 4)"), {"name": "hush"})
    assert "hush" not in str(error.value)
    await database.dispose()


async def test_a_pool_has_no_more_connections_than_it_may(database_url: str) -> None:
    database = engine(database_url, pool=1, name="shop")
    database.pool._timeout = 0.05  # pyright: ignore[reportAttributeAccessIssue]
    async with database.connect():
        with pytest.raises(PoolTimeout):
            async with asyncio.timeout(5), database.connect():
                pass
    await database.dispose()


async def test_json_goes_in_and_out(shop: Service) -> None:
    async with shop.transactions.begin() as tx:
        item = Item(id=tx.new_id(), name="a", price=1, labels={"ä": "€"}, created_at=tx.now)
        tx.session.add(item)
    async with AsyncSession(shop.engine) as session:
        assert (await session.scalars(select(Item.labels))).one() == {"ä": "€"}


async def test_ids_as_the_driver_gives_them_are_json_too(shop: Service) -> None:
    async with AsyncSession(shop.engine) as session:
        some = (await session.execute(text("SELECT gen_random_uuid()"))).scalar_one()
    assert type(some) is not UUID
    money = Money(amount=1, currency="EUR")
    assert orjson.loads(to_json([some, {"total": money}])) == [
        str(some),
        {"total": {"amount": 1, "currency": "EUR"}},
    ]
    with pytest.raises(TypeError):
        _ = to_json(Decimal(1))


async def test_a_read_session_holds_no_transaction_open(shop: Service) -> None:
    query = text("SELECT state FROM pg_stat_activity WHERE pid = :pid")
    async with AsyncSession(shop.app.state.reading) as session:
        pid = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        async with shop.engine.connect() as other:
            assert (await other.execute(query, {"pid": pid})).scalar_one() == "idle"


def test_addresses_take_the_form_each_library_wants() -> None:
    url = "postgresql://me:p%40ss@db:5433/shop?sslmode=require"
    assert async_url(url).drivername == "postgresql+asyncpg"
    assert async_url(url).query == {"ssl": "require"}
    assert dsn(f"{async_url(url).render_as_string(hide_password=False)}") == url
    assert dsn(url, database="postgres") == url.replace("/shop", "/postgres")


def test_an_address_may_name_a_unix_socket() -> None:
    url = "postgresql://wareflow@/shop?host=%2Ftmp%2Fpg&port=5432"
    assert async_url(url).query == {"host": "/tmp/pg", "port": "5432"}
    assert dsn(url) == url
    assert dsn(url, database="log") == url.replace("/shop", "/log")
    assert database_of(url) == "shop"
    with pytest.raises(ValueError, match="names no database"):
        _ = database_of("postgresql://db")
