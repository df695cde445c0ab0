"""Faults that pass are told from those that stay."""

import asyncio

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine

from wareflow_events.contract.service import Service
from wareflow_events.faults import backoff, is_transient, sleep


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        PoolTimeout("QueuePool limit of size 5 overflow 0 reached"),
        asyncpg.DeadlockDetectedError(),
        asyncpg.SerializationError(),
        asyncpg.LockNotAvailableError(),
        asyncpg.TooManyConnectionsError(),
        asyncpg.AdminShutdownError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.IdleInTransactionSessionTimeoutError(),
        asyncpg.ReadOnlySQLTransactionError(),
        asyncpg.InterfaceError("connection is closed"),
    ],
    ids=repr,
)
def test_what_lies_with_the_database_passes(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a bug"),
        KeyError("a bug"),
        asyncpg.UniqueViolationError(),
        asyncpg.CheckViolationError(),
        asyncpg.UndefinedColumnError(),
        asyncpg.DataError("an argument of the wrong type"),
        IntegrityError("INSERT", {}, Exception()),
    ],
    ids=repr,
)
def test_what_lies_with_the_event_stays(error: Exception) -> None:
    assert not is_transient(error)


async def test_a_connection_that_was_ended_passes(service: Service) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with service.engine.connect() as connection:
            _ = await connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
    assert is_transient(caught.value)


async def test_a_full_pool_passes(service_dsn: str) -> None:
    engine = create_async_engine(
        service_dsn.replace("postgresql://", "postgresql+asyncpg://"),
        pool_size=1,
        max_overflow=0,
        pool_timeout=0.05,
    )
    async with engine.connect():
        with pytest.raises(PoolTimeout) as caught:
            await engine.connect().start()
    await engine.dispose()
    assert is_transient(caught.value)


def test_waiting_grows_up_to_a_limit() -> None:
    pauses = [backoff(attempt, first=0.05, most=30) for attempt in range(40)]
    assert all(0.025 <= pause <= 30 for pause in pauses)
    assert all(pause >= 15 for pause in pauses[12:])
    assert pauses[0] <= 0.05


async def test_a_sleep_ends_at_once_when_it_is_time_to_stop() -> None:
    stop = asyncio.Event()
    assert await sleep(stop, 0.01) is False
    sleeping = asyncio.create_task(sleep(stop, 60))
    await asyncio.sleep(0)
    stop.set()
    assert await sleeping is True
