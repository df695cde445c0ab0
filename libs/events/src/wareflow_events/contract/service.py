"""A service as small as can be, for the contract: it publishes, and notes what it hears."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, MetaData, Table, Text, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from wareflow_events.broker import Broker, Chunk, Record, Starts, Subscription, TopicPartition
from wareflow_events.clock import utc_now
from wareflow_events.consumer import Consumer
from wareflow_events.envelope import Envelope, source_of, to_record
from wareflow_events.event import Topic
from wareflow_events.handlers import ConsumerGroup, Heard, on
from wareflow_events.ids import new_id
from wareflow_events.relay import Relay
from wareflow_events.schemas.crm import CUSTOMER, CustomerRegistered
from wareflow_events.tables import event_tables
from wareflow_events.transaction import Transaction, Transactions

METADATA = MetaData()
event_tables(METADATA)
HEARD = Table(
    "heard",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)


async def _note(tx: Transaction, heard: Heard[CustomerRegistered]) -> None:
    values = {"customer_id": heard.event.key, "sequence": heard.sequence}
    _ = await tx.session.execute(insert(HEARD).values(values))


class Service:
    """A database, its transactions, and one consumer group that notes what it hears."""

    def __init__(self, dsn: str, *, group: str) -> None:
        self.dsn = dsn
        self.engine: AsyncEngine = create_async_engine(
            dsn.replace("postgresql://", "postgresql+asyncpg://")
        )
        self.transactions = Transactions(self.engine, service="crm")
        self.group = ConsumerGroup(group, (on(CustomerRegistered, _note),))

    async def make_tables(self) -> None:
        """Make all tables."""
        async with self.engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)

    async def register(self, customers: Sequence[UUID]) -> None:
        """Publish a registration of each, in one transaction."""
        async with self.transactions.begin() as tx:
            for customer_id in customers:
                tx.publish(a_registration(customer_id))

    async def heard(self) -> dict[str, list[int]]:
        """The sequence numbers of each customer's events in the order they were applied."""
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(HEARD).order_by(HEARD.c.id))
            found: dict[str, list[int]] = {}
            for row in rows:
                found.setdefault(row.customer_id, []).append(row.sequence)
            return found

    async def count(self, what: str) -> int:
        """How many rows there are of a FROM clause."""
        async with self.engine.connect() as connection:
            return (await connection.exec_driver_sql(f"SELECT count(*) FROM {what}")).scalar_one()  # noqa: S608

    @asynccontextmanager
    async def relaying(self, broker: Broker) -> AsyncGenerator[None]:
        """Run the relay."""
        relay = Relay(dsn=self.dsn, broker=broker, service="crm", bell=self.transactions.committed)
        async with running(relay):
            yield

    @asynccontextmanager
    async def hearing(self, broker: Broker) -> AsyncGenerator[None]:
        """Run a member of the consumer group."""
        consumer = Consumer(group=self.group, broker=broker, transactions=self.transactions)
        async with running(consumer):
            yield


def a_registration(customer_id: UUID) -> CustomerRegistered:
    """An event of the customer."""
    return CustomerRegistered(
        customer_id=customer_id, locale="en", registered_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def a_customer_record(customer_id: UUID, *, sequence: int, data: bytes | None = None) -> Record:
    """An event's record, as the relay makes it; `data` instead of what the event holds."""
    now = utc_now()
    event = a_registration(customer_id)
    return to_record(
        Envelope(
            id=new_id(at=now),
            type=event.TYPE,
            source=source_of("crm"),
            time=now,
            key=event.key,
            data=event.model_dump_json().encode() if data is None else data,
            sequence=sequence,
        )
    )


@asynccontextmanager
async def running(worker: Any) -> AsyncGenerator[None]:
    """Run a relay or a consumer until the block ends, then let it drain."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


class Stopped:
    """A broker whose members stand still between a fetch and what follows, while `gate` is shut."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.gate = asyncio.Event()
        self.fetched = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    async def subscribe(
        self, group: str, topics: Sequence[Topic], *, starts: Starts
    ) -> "_StoppedMember":
        """Join a consumer group."""
        return _StoppedMember(self, await self._broker.subscribe(group, topics, starts=starts))


class _StoppedMember:
    def __init__(self, broker: Stopped, subscription: Subscription) -> None:
        self._broker = broker
        self._subscription = subscription

    async def fetch(self, *, limit: int, wait: float) -> Sequence[Chunk]:
        chunks = await self._subscription.fetch(limit=limit, wait=wait)
        if chunks:
            self._broker.fetched.set()
            _ = await self._broker.gate.wait()
        return chunks

    async def settle(
        self, positions: Mapping[TopicPartition, int], *, rest: Mapping[TopicPartition, float]
    ) -> None:
        await self._subscription.settle(positions, rest=rest)

    async def close(self) -> None:
        await self._subscription.close()


TOPICS = [CUSTOMER]
