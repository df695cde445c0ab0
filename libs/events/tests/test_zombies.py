"""A consumer's process that is stopped in the middle of a batch loses its partitions in seconds."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from wareflow_events.broker import Broker
from wareflow_events.contract import eventually
from wareflow_events.contract.service import TOPICS, Service
from wareflow_events.kafka import KafkaBroker
from wareflow_events.postgres import PostgresBroker
from wareflow_postgres.server import PostgresServer

if TYPE_CHECKING:
    from tools.kafka.local_kafka import LocalKafka

STOPS_ITSELF = """
import asyncio, sys
from wareflow_events.consumer import Consumer
from wareflow_events.contract.service import TOPICS, Service
from wareflow_events.failpoints import arm, freeze, on_hit
from wareflow_events.kafka import KafkaBroker
from wareflow_events.postgres import PostgresBroker

async def main(kind, address, dsn):
    kafka = {"replication": 1, "min_in_sync": 1}
    broker = KafkaBroker(address, **kafka) if kind == "kafka" else PostgresBroker(address)
    await broker.ensure_topics(TOPICS)
    service = Service(dsn, group="crm.notes")
    arm("consumer.handled_not_committed", on_hit(1, freeze))
    member = Consumer(group=service.group, broker=broker, transactions=service.transactions)
    await member.run(asyncio.Event())

asyncio.run(main(*sys.argv[1:]))
"""
# What the members hold is given back by the servers after at most: 20 s (the claim in the log in
# PostgreSQL), 10 s (the session in Kafka), 3 s (the transaction, as set below).
_IN_TIME = 40.0


@asynccontextmanager
async def stopped_member(kind: str, address: str, dsn: str) -> AsyncGenerator[int]:
    """The process id of a member that has just stopped itself, with a batch handled and open."""
    arguments = [sys.executable, "-c", STOPS_ITSELF, kind, address, dsn]
    member = await asyncio.to_thread(subprocess.Popen[bytes], arguments)
    try:
        _, status = await asyncio.to_thread(os.waitpid, member.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        yield member.pid
    finally:
        member.kill()
        _ = await asyncio.to_thread(member.wait)


async def takes_over(service: Service, broker: Broker, kind: str, address: str) -> None:
    """Events that a stopped member holds are heard by another; woken up, it does no harm."""
    customers = [uuid4() for _ in range(30)]
    await broker.ensure_topics(TOPICS)
    async with service.relaying(broker):
        await service.register(customers)
        async with stopped_member(kind, address, service.dsn) as zombie:
            began = time.monotonic()
            async with service.hearing(broker):
                await eventually(lambda: heard_all(service, customers, 1), within=_IN_TIME)
                assert time.monotonic() - began < _IN_TIME
                os.kill(zombie, signal.SIGCONT)
                await service.register(customers)
                await eventually(lambda: heard_all(service, customers, 2), within=_IN_TIME)
    heard = await service.heard()
    assert {str(c): heard[str(c)] for c in customers} == {str(c): [1, 2] for c in customers}
    ours = ", ".join(f"'{customer}'" for customer in customers)
    assert await service.count(f"dead_letter WHERE convert_from(key, 'UTF8') IN ({ours})") == 0


async def heard_all(service: Service, customers: list[UUID], times: int) -> bool:
    """Whether each of them was heard of so often, at least."""
    heard = await service.heard()
    return all(len(heard.get(str(customer), ())) >= times for customer in customers)


@pytest.fixture
async def hurried(service: Service, postgres: PostgresServer) -> Service:
    """A service whose database ends transactions that stand still, as the product's does."""
    name = service.dsn.rpartition("/")[2]
    async with service.engine.begin() as connection:
        _ = await connection.exec_driver_sql(
            f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '3s'"
        )
    return service


async def test_a_stopped_member_of_the_log_in_postgresql_is_succeeded(
    hurried: Service, log_broker: PostgresBroker, log_dsn: str
) -> None:
    await takes_over(hurried, log_broker, "postgres", log_dsn)


@pytest.mark.kafka
async def test_a_stopped_member_of_a_kafka_group_is_succeeded(
    hurried: Service, local_kafka: "LocalKafka"
) -> None:
    broker = KafkaBroker(local_kafka.bootstrap, replication=1, min_in_sync=1)
    try:
        await takes_over(hurried, broker, "kafka", local_kafka.bootstrap)
    finally:
        await broker.close()
