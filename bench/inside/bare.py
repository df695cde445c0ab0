"""Bare clients of both logs: append and read, and do nothing with it; or no more than a promise
needs: delete from an outbox what was appended, write an inbox with what is read."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from wareflow_events.broker import Broker, Record
from wareflow_events.contract.service import TOPICS
from wareflow_events.contract.support import Stands

_BATCH = 1000
_FETCH = 500
Work = Callable[[], Coroutine[Any, Any, object]]
_Read: TypeAlias = "tuple[tuple[str, int, int], Any]"
"""Topic, partition and offset of a record, and the record."""
_OUTBOX = """
SELECT id, event_id, topic, key, type, time, sequence, traceparent, data
FROM outbox ORDER BY id LIMIT $1
"""
_DELETE = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"
_TABLES = """
CREATE TABLE IF NOT EXISTS bare_offset (topic text, partition int, next bigint,
                                        PRIMARY KEY (topic, partition));
CREATE TABLE IF NOT EXISTS bare_inbox (event_id uuid PRIMARY KEY);
CREATE TABLE IF NOT EXISTS bare_heard (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                                       customer_id text, sequence bigint);
TRUNCATE bare_offset, bare_inbox, bare_heard
"""
_MOVE = """
INSERT INTO bare_offset SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[])
ON CONFLICT (topic, partition) DO UPDATE SET next = excluded.next
"""
_TAKE = "INSERT INTO bare_inbox SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING"
_HEAR = "INSERT INTO bare_heard (customer_id, sequence) SELECT unnest($1::text[]), 1"


def bare(kind: str, broker: Broker, where: str, made: list[Record]) -> tuple[Work, Work]:
    """Append all records, and read as many, by the raw client."""
    if kind == "kafka":
        return lambda: _kafka_send(where, made), lambda: _kafka_read(where, len(made))
    return lambda: _log_append(broker, made), lambda: _log_read(broker, len(made))


async def carry(dsn: str, broker: Broker, made: list[Record]) -> None:
    """The statements of a relay: read the outbox, append, delete; what is appended is `made`."""
    connection, producer, at = await asyncpg.connect(dsn), await broker.producer(), 0
    while rows := await connection.fetch(_OUTBOX, _BATCH):
        await producer.send(made[at : at + len(rows)])
        _ = await connection.execute(_DELETE, [row["id"] for row in rows])
        at += len(rows)
    await producer.close()
    await connection.close()


async def store(dsn: str, kind: str, broker: Broker, where: str, number: int) -> None:
    """The statements of a consumer: read, and move on, note the event and its effect together."""
    connection = await asyncpg.connect(dsn)
    _ = await connection.execute(_TABLES)
    batches = _kafka_batches(where, number) if kind == "kafka" else _log_batches(broker, number)
    async with aclosing(batches) as read:
        async for batch in read:
            async with connection.transaction():
                _ = await connection.execute(_MOVE, *_columns(batch))
                ids = [dict(one.headers)["ce_id"].decode() for _, one in batch]
                _ = await connection.execute(_TAKE, ids)
                _ = await connection.execute(_HEAR, [one.key.decode() for _, one in batch])
    await connection.close()


def _columns(batch: Sequence[_Read]) -> tuple[list[str], list[int], list[int]]:
    ends = {(topic, partition): offset + 1 for (topic, partition, offset), _ in batch}
    return [t for t, _ in ends], [p for _, p in ends], list(ends.values())


async def _log_append(broker: Broker, made: list[Record]) -> None:
    """In batches as large as the relay's."""
    producer = await broker.producer()
    for at in range(0, len(made), _BATCH):
        await producer.send(made[at : at + _BATCH])
    await producer.close()


async def _log_read(broker: Broker, number: int) -> None:
    async with aclosing(_log_batches(broker, number)) as batches:
        async for _ in batches:
            pass


async def _log_batches(broker: Broker, number: int) -> AsyncGenerator[Sequence[_Read]]:
    subscription = await broker.subscribe(f"bare-{uuid4()}", TOPICS, starts=Stands().starts)
    found = 0
    while found < number:
        chunks = await subscription.fetch(limit=_FETCH, wait=0.25)
        if not chunks:
            continue
        stored = [one for chunk in chunks for one in chunk.records]
        found += len(stored)
        yield [((s.place.topic, s.place.partition, s.offset), s.record) for s in stored]
        await subscription.settle({chunk.place: chunk.end for chunk in chunks}, rest={})
    await subscription.close()


async def _kafka_send(bootstrap: str, made: list[Record]) -> None:
    """aiokafka as its own documentation has it, with the promises that the relay needs."""
    producer: Any = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=2
    )
    await producer.start()
    try:
        for at in range(0, len(made), _BATCH):
            acks = [
                await producer.send(one.topic, one.value, key=one.key, headers=list(one.headers))
                for one in made[at : at + _BATCH]
            ]
            for ack in acks:
                _ = await ack
    finally:
        await producer.stop()


async def _kafka_read(bootstrap: str, number: int) -> None:
    async with aclosing(_kafka_batches(bootstrap, number)) as batches:
        async for _ in batches:
            pass


async def _kafka_batches(bootstrap: str, number: int) -> AsyncGenerator[Sequence[_Read]]:
    consumer: Any = AIOKafkaConsumer(
        *(topic.name for topic in TOPICS),
        bootstrap_servers=bootstrap,
        group_id=f"bare-{uuid4()}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        found = 0
        while found < number:
            read = await consumer.getmany(timeout_ms=250, max_records=_FETCH)
            batch = [
                ((p.topic, p.partition, m.offset), m) for p, many in read.items() for m in many
            ]
            found += len(batch)
            if batch:
                yield batch
    finally:
        await consumer.stop()
