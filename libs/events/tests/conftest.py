"""Real servers for these tests: an embedded PostgreSQL, and Kafka where a test asks for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import TYPE_CHECKING

import asyncpg
import pytest

from wareflow_events.contract import Log
from wareflow_events.contract.service import Service
from wareflow_events.kafka import KafkaBroker
from wareflow_events.postgres import PostgresBroker
from wareflow_postgres.server import PostgresServer
from wareflow_postgres.testing import test_server

if TYPE_CHECKING:
    from tools.kafka.local_kafka import LocalKafka

_NAMES = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with test_server() as server:
        yield server


@pytest.fixture
async def service_dsn(postgres: PostgresServer) -> str:
    """A fresh, empty database."""
    return await postgres.aensure_database(f"service_{next(_NAMES)}")


@pytest.fixture
async def service(service_dsn: str) -> AsyncIterator[Service]:
    """A small service with all event tables."""
    made = Service(service_dsn, group="crm.notes")
    await made.make_tables()
    yield made
    await made.engine.dispose()


@pytest.fixture
async def log_dsn(postgres: PostgresServer) -> str:
    """A fresh database for a log."""
    return await postgres.aensure_database(f"log_{next(_NAMES)}")


@pytest.fixture
async def postgres_log(log_dsn: str) -> Log:
    """A log in PostgreSQL; an interruption ends every session on it."""

    async def end_sessions(which: str) -> None:
        connection = await asyncpg.connect(log_dsn)
        try:
            _ = await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE datname = current_database() AND pid <> pg_backend_pid() {which}"
            )
        finally:
            await connection.close()

    return Log(
        connect=lambda: PostgresBroker(log_dsn),
        interrupt=lambda: end_sessions(""),
        disown=lambda: end_sessions("AND state LIKE 'idle in transaction%'"),
    )


@pytest.fixture
async def log_broker(postgres_log: Log) -> AsyncIterator[PostgresBroker]:
    """The broker that the tests of relay and consumer use."""
    broker = postgres_log.connect()
    assert isinstance(broker, PostgresBroker)
    yield broker
    await broker.close()


@pytest.fixture(scope="session")
def local_kafka() -> Iterator["LocalKafka"]:
    """A Kafka broker of our own, which a test may kill; skipped only where none can be had."""
    from tools.kafka.find_kafka import for_tests
    from tools.kafka.local_kafka import LocalKafka

    with for_tests(LocalKafka) as kafka:
        yield kafka


@pytest.fixture
def kafka_log(local_kafka: "LocalKafka") -> Log:
    """A log in Kafka; an interruption is a kill -9 of the broker, and its start."""

    async def kill() -> None:
        await asyncio.to_thread(local_kafka.kill)
        _ = await asyncio.to_thread(local_kafka.start)

    async def joining_does() -> None:
        """A rebalance takes the partitions from a member that does not settle in time."""

    return Log(
        connect=lambda: KafkaBroker(local_kafka.bootstrap, replication=1, min_in_sync=1, drain=0.5),
        interrupt=kill,
        disown=joining_does,
    )
