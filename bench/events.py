"""What an event costs on each broker, next to the bare broker: `python -m bench.events`.

Everything runs in one process on one PostgreSQL with fsync on: the outbox, the log where it is
the broker, and the consumer's database. The ratio in brackets is of CPU, to that of the bare
broker, so it says what outbox and inbox add, on any machine.
"""

import argparse
import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog
import uvloop
from sqlalchemy import insert
from tools.kafka.local_kafka import LocalKafka

from wareflow_events import inbox
from wareflow_events.broker import Broker, Record
from wareflow_events.consumer import Consumer, ConsumerGroup, Heard, on_run
from wareflow_events.contract import eventually
from wareflow_events.contract.service import HEARD, TOPICS, Service, running
from wareflow_events.contract.support import Stands
from wareflow_events.envelope import Envelope, source_of, to_record
from wareflow_events.ids import new_id
from wareflow_events.kafka import KafkaBroker
from wareflow_events.postgres import PostgresBroker
from wareflow_events.schemas.crm import CustomerChanged
from wareflow_events.transaction import Transaction
from wareflow_postgres.server import PostgresServer

KEYS = 500
BATCH = 1000


def a_change(customer_id: UUID) -> CustomerChanged:
    """An event of about 600 bytes."""
    metadata = {f"attribute_{n}": "some value of a usual length" for n in range(10)}
    return CustomerChanged(customer_id=customer_id, locale="en", tags=["a", "b"], metadata=metadata)


async def publish(service: Service, customers: list[UUID], number: int) -> None:
    """Transactions of ten events, from four tasks."""

    async def writer(part: int) -> None:
        for at in range(part * 10, number, 40):
            async with service.transactions.begin() as tx:
                for n in range(10):
                    tx.publish(a_change(customers[(at + n) % KEYS]))

    _ = await asyncio.gather(*(writer(part) for part in range(4)))


def bare_records(customers: list[UUID], number: int) -> list[Record]:
    """Records as the relay makes them."""
    now = datetime.now(UTC)
    made: list[Record] = []
    for n in range(number):
        event = a_change(customers[n % KEYS])
        data = event.model_dump_json().encode()
        envelope = Envelope(new_id(at=now), event.TYPE, source_of("crm"), now, event.key, data, n)
        made.append(to_record(envelope))
    return made


async def bare_send(broker: Broker, records: list[Record]) -> None:
    """Batches as the relay sends them."""
    producer = await broker.producer()
    for at in range(0, len(records), BATCH):
        await producer.send(records[at : at + BATCH])
    await producer.close()


async def bare_fetch(broker: Broker, number: int) -> None:
    """Fetch and settle, and do nothing with it."""
    subscription = await broker.subscribe(f"bare-{uuid4()}", TOPICS, starts=Stands().starts)
    found = 0
    while found < number:
        chunks = await subscription.fetch(limit=500, wait=0.25)
        found += sum(len(chunk.records) for chunk in chunks)
        if chunks:
            await subscription.settle({chunk.place: chunk.end for chunk in chunks}, rest={})
    await subscription.close()


async def relay(service: Service, broker: Broker) -> None:
    """Empty the outbox."""
    async with service.relaying(broker):
        await eventually(lambda: _is_empty(service), within=600)


async def _is_empty(service: Service) -> bool:
    return not await service.count("(SELECT FROM outbox LIMIT 1) AS o")


async def consume(service: Service, broker: Broker, number: int) -> None:
    """Hear everything: decode, deduplicate, and write a row for each event."""
    applied, done = 0, asyncio.Event()

    async def note(tx: Transaction, run: list[Heard[CustomerChanged]]) -> None:
        nonlocal applied
        rows = [{"customer_id": one.event.key, "sequence": one.sequence} for one in run]
        _ = await tx.session.execute(insert(HEARD), rows)
        applied += len(run)
        if applied >= number:
            done.set()

    group = ConsumerGroup(f"crm.{uuid4()}", (on_run(CustomerChanged, note),))
    async with running(Consumer(group=group, broker=broker, transactions=service.transactions)):
        _ = await done.wait()


async def latency(service: Service, broker: Broker, customers: list[UUID]) -> list[float]:
    """Seconds from a commit to the handler, one event at a time."""
    heard = asyncio.Event()
    found: list[float] = []

    async def note(_: Transaction, __: list[Heard[CustomerChanged]]) -> None:
        heard.set()

    group = ConsumerGroup(f"crm.{uuid4()}", (on_run(CustomerChanged, note),))
    consumer = Consumer(group=group, broker=broker, transactions=service.transactions)
    ends = await broker.ends(TOPICS)
    async with service.engine.begin() as connection:
        _ = await inbox.register(connection, consumer=group.name, ends=ends)
        for place, end in ends.items():
            _ = await connection.exec_driver_sql(
                "UPDATE consumer_offset SET next = $1 WHERE topic = $2 AND partition = $3",
                (end, place.topic, place.partition),
            )
    async with service.relaying(broker), running(consumer):
        for n in range(60):
            heard.clear()
            async with service.transactions.begin() as tx:
                tx.publish(a_change(customers[n]))
            began = time.perf_counter()
            _ = await heard.wait()
            found.append(time.perf_counter() - began)
    return sorted(found[10:])


@dataclass(frozen=True)
class Cost:
    """What a stretch of work cost."""

    per_second: float
    cpu: float
    """Microseconds of this process's CPU per event; other load on the machine does not show."""

    def __str__(self) -> str:
        """As a line ends."""
        return f"{self.per_second:9,.0f}/s {self.cpu:6.0f} us"


async def timed(work: Coroutine[Any, Any, object], number: int) -> Cost:
    """The cost of work on so many events."""
    began, cpu = time.perf_counter(), time.process_time()
    _ = await work
    elapsed, used = time.perf_counter() - began, time.process_time() - cpu
    return Cost(number / elapsed, used / number * 1e6)


@asynccontextmanager
async def prepared(server: PostgresServer, broker: Broker) -> AsyncGenerator[Service]:
    """A service with its tables, on a broker with its topics."""
    service = Service(await server.aensure_database(f"bench_{uuid4().hex}"), group="crm.bench")
    await service.make_tables()
    await broker.ensure_topics(TOPICS)
    try:
        yield service
    finally:
        await broker.close()
        await service.engine.dispose()


async def measure(server: PostgresServer, name: str, broker: Broker, number: int) -> None:
    """Print the figures of one broker."""
    customers = [uuid4() for _ in range(KEYS)]
    async with prepared(server, broker) as service:
        records = bare_records(customers, number)
        sent = await timed(bare_send(broker, records), number)
        fetched = await timed(bare_fetch(broker, number), number)
        published = await timed(publish(service, customers, number), number)
        relayed = await timed(relay(service, broker), number)
        consumed = await timed(consume(service, broker, 2 * number), 2 * number)
        waits = await latency(service, broker, customers)
    print(f"{name}: {number:,} events of {len(records[0].value)} bytes, {KEYS} keys")
    print(f"  published in transactions of ten {published}")
    print(f"  sent by the bare producer        {sent}")
    print(f"  relayed from the outbox          {relayed}  ({relayed.cpu / sent.cpu:.1f})")
    print(f"  fetched by a bare member         {fetched}")
    print(f"  consumed with inbox and a row    {consumed}  ({consumed.cpu / fetched.cpu:.1f})")
    median, worst = waits[len(waits) // 2] * 1000, waits[int(len(waits) * 0.95)] * 1000
    print(f"  from commit to handler           {median:9.1f} ms, 95 % within {worst:.1f} ms")


async def main(server: PostgresServer, names: list[str], number: int) -> None:
    """Measure the brokers that are named."""
    with ExitStack() as stack:
        brokers: dict[str, Callable[[], Broker]] = {}
        if "postgres" in names:
            dsn = await server.aensure_database("wareflow_log")
            brokers["postgres"] = lambda: PostgresBroker(dsn)
        if "kafka" in names:
            kafka = stack.enter_context(LocalKafka())
            brokers["kafka"] = lambda: KafkaBroker(kafka.bootstrap, replication=1, min_in_sync=1)
        for name, connect in brokers.items():
            await measure(server, name, connect(), number)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What an event costs on each broker.")
    _ = parser.add_argument("brokers", nargs="*", default=["postgres", "kafka"])
    _ = parser.add_argument("--events", type=int, default=20_000)
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="wareflow-bench-") as folder:
        Path(folder).chmod(0o711)  # as root the server is another user
        with PostgresServer.start(Path(folder) / "data") as running_server:
            uvloop.run(main(running_server, chosen.brokers, chosen.events))
