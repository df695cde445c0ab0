"""Every service's real consumers on a log of their own, fed by hand; no API, no relay."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import asyncpg
from sqlalchemy import text
from tests.hostile.event_records import Sent

from wareflow.house import SERVICES, checks_of, groups_of
from wareflow_events import inbox
from wareflow_events.broker import Producer, TopicPartition
from wareflow_events.consumer import Consumer, ConsumerGroup
from wareflow_events.event import topics
from wareflow_events.partitioner import partition_of
from wareflow_events.postgres import PostgresBroker
from wareflow_events.transaction import Transactions
from wareflow_kit.database import engine
from wareflow_kit.testing import fresh_database, shared_server

Placed = tuple[TopicPartition, int, Sent]
"""A record with its place in the log."""


@dataclass
class Hearing:
    """A consumer group at work."""

    service: str
    group: ConsumerGroup
    transactions: Transactions
    task: "asyncio.Task[None]"

    async def stands(self) -> dict[TopicPartition, int]:
        """How far it is, by its own rows."""
        async with self.transactions.engine.connect() as connection:
            return await inbox.stands(connection, consumer=self.group.name)


@dataclass
class Stage:
    """The log and who hears it."""

    broker: PostgresBroker
    producer: Producer
    hearings: list[Hearing] = field(default_factory=list[Hearing])
    _ends: dict[TopicPartition, int] = field(default_factory=dict[TopicPartition, int])
    _partitions: dict[str, int] = field(
        default_factory=lambda: {topic.name: topic.partitions for topic in topics()}
    )

    async def send(self, sent: Sequence[Sent]) -> list[Placed]:
        """Append records; where each of them is."""
        placed: list[Placed] = []
        for one in sent:
            topic = one.record.topic
            place = TopicPartition(topic, partition_of(one.record.key, self._partitions[topic]))
            offset = self._ends.get(place, 0)
            self._ends[place] = offset + 1
            placed.append((place, offset, one))
        for start in range(0, len(sent), 200):
            await self.producer.send([one.record for one in sent[start : start + 200]])
        return placed

    async def heard(self, *, patience: float) -> None:
        """Wait until every group stands at the end of all it hears.

        Fails when a consumer has ended, or none moved for `patience` seconds.
        """
        before, moved = -1, time.monotonic()
        while True:
            left = 0
            for hearing in self.hearings:
                assert not hearing.task.done(), f"{hearing.group.name} ended: {hearing.task}"
                left += await self._left(hearing)
            if left == 0:
                return
            if left != before:
                before, moved = left, time.monotonic()
            stuck = time.monotonic() - moved
            assert stuck < patience, f"nothing moved for {stuck:.0f} s, {left} are left"
            await asyncio.sleep(0.1)

    async def _left(self, hearing: Hearing) -> int:
        stands = await hearing.stands()
        names = {topic.name for topic in hearing.group.topics}
        ends = {place: end for place, end in self._ends.items() if place.topic in names}
        return sum(end - stands.get(place, 0) for place, end in ends.items())

    async def broken_promises(self) -> dict[str, int]:
        """The services' own checks that do not hold, and how many rows break each."""
        found: dict[str, int] = {}
        for service, transactions in {h.service: h.transactions for h in self.hearings}.items():
            async with transactions.engine.connect() as connection:
                for check in checks_of(service):
                    rows = (await connection.execute(text(check.sql))).all()
                    if rows:
                        found[f"{service}: {check.name}"] = len(rows)
        return found


@asynccontextmanager
async def open_stage() -> AsyncGenerator[Stage]:
    """Databases, a log, and every group of every service at work on it, from its beginning."""
    async with AsyncExitStack() as stack:
        broker = PostgresBroker(await stack.enter_async_context(_log()))
        _ = stack.push_async_callback(broker.close)
        await broker.ensure_topics(topics())
        stage = Stage(broker, await broker.producer())
        stop = asyncio.Event()
        for service in SERVICES:
            url = await stack.enter_async_context(fresh_database(service))
            database = engine(url, pool=5, name="hostile events")
            _ = stack.push_async_callback(database.dispose)
            transactions = Transactions(database, service=service)
            for group in groups_of(service):
                consumer = Consumer(group=group, broker=broker, transactions=transactions)
                # Where it stands is written down before anything is there: nothing is a replay.
                places = [
                    TopicPartition(t.name, n) for t in group.topics for n in range(t.partitions)
                ]
                _ = await consumer.positions(places)
                task = asyncio.create_task(consumer.run(stop), name=group.name)
                stage.hearings.append(Hearing(service, group, transactions, task))
        try:
            yield stage
        finally:
            stop.set()
            _ = await asyncio.gather(*(h.task for h in stage.hearings), return_exceptions=True)


@asynccontextmanager
async def _log() -> AsyncGenerator[str]:
    server, name = shared_server(), f"log_{uuid4().hex[:12]}"
    dsn = await server.aensure_database(name)
    try:
        yield dsn
    finally:
        connection = await asyncpg.connect(server.url())
        try:
            _ = await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        finally:
            await connection.close()
