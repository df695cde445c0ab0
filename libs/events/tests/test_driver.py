"""A statement that goes to asyncpg itself does what it does by SQLAlchemy."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from wareflow_events.driver import fetch
from wareflow_events.faults import breaks_a_constraint, is_lost_connection
from wareflow_events.transaction import closed_after
from wareflow_postgres.server import PostgresServer

_MADE = "INSERT INTO thing VALUES ($1, $2) RETURNING id, name"


@pytest.fixture
async def engine(postgres: PostgresServer, service_dsn: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(
        service_dsn.replace("postgresql:", "postgresql+asyncpg:"), pool_size=1, max_overflow=0
    )
    async with made.begin() as connection:
        _ = await connection.execute(text("CREATE TABLE thing (id uuid PRIMARY KEY, name text)"))
    yield made
    await made.dispose()


async def names(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        return list(await connection.scalars(text("SELECT name FROM thing ORDER BY name")))


async def test_first_and_later_statements_give_the_same_rows(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session, session.begin():
        for number, name in ((1, "mug"), (2, "plate")):
            (row,) = await fetch(session, _MADE, UUID(int=number), name)
            assert (row.id, row[1], tuple(row)) == (UUID(int=number), name, (row.id, row.name))
            assert not hasattr(row, "colour")
        assert not await fetch(session, "DELETE FROM thing WHERE name = $1", "mug")
    assert await names(engine) == ["plate"]


async def make(engine: AsyncEngine, *things: tuple[UUID | None, str]) -> None:
    async with AsyncSession(engine) as session, session.begin():
        for thing_id, name in things:
            _ = await fetch(session, _MADE, thing_id, name)


async def test_either_way_a_broken_constraint_is_one_and_undoes_all(engine: AsyncEngine) -> None:
    mug, broken = (UUID(int=1), "mug"), (None, "plate")
    for things in (broken,), (mug, broken):
        with pytest.raises((IntegrityError, asyncpg.IntegrityConstraintViolationError)) as caught:
            await make(engine, *things)
        assert breaks_a_constraint(caught.value)
    assert await names(engine) == []


async def kill_and_make(engine: AsyncEngine, killer: "asyncpg.Connection[Any]") -> None:
    async with AsyncSession(engine) as session, session.begin():
        ((pid,),) = await fetch(session, "SELECT pg_backend_pid()")
        _ = await killer.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        _ = await fetch(session, _MADE, UUID(int=1), "mug")


async def test_a_connection_that_is_lost_in_between_is_not_used_again(
    engine: AsyncEngine, service_dsn: str
) -> None:
    killer = await asyncpg.connect(service_dsn)
    with pytest.raises(Exception, match="connection") as caught:
        await kill_and_make(engine, killer)
    assert is_lost_connection(caught.value)
    await killer.close()
    assert await names(engine) == []  # by the pool's only place


async def sleep(engine: AsyncEngine) -> None:
    async with closed_after(AsyncSession(engine)) as session:
        _ = await fetch(session, _MADE, UUID(int=1), "mug")
        _ = await fetch(session, "SELECT pg_sleep(60)")


async def test_who_is_cancelled_in_a_statement_leaves_nothing_behind(engine: AsyncEngine) -> None:
    for _ in range(3):
        sleeping = asyncio.create_task(sleep(engine))
        await asyncio.sleep(0.1)
        _ = sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        async with asyncio.timeout(10):
            assert await names(engine) == []  # by the pool's only place


async def test_who_listens_to_sqlalchemy_hears_of_every_statement(engine: AsyncEngine) -> None:
    heard: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    async with AsyncSession(engine) as session, session.begin():
        for number in (1, 2):
            _ = await fetch(session, _MADE, UUID(int=number), "mug")
    assert heard == [_MADE] * 2
