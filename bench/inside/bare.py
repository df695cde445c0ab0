"""Bare clients of both logs: append and read, and do nothing with it."""

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from wareflow_events.broker import Broker, Record
from wareflow_events.contract.service import TOPICS
from wareflow_events.contract.support import Stands

_BATCH = 1000
Work = Callable[[], Coroutine[Any, Any, object]]


def bare(kind: str, broker: Broker, where: str, made: list[Record]) -> tuple[Work, Work]:
    """Append all records, and read as many, by the raw client."""
    if kind == "kafka":
        return lambda: _kafka_send(where, made), lambda: _kafka_read(where, len(made))
    return lambda: _log_append(broker, made), lambda: _log_read(broker, len(made))


async def _log_append(broker: Broker, made: list[Record]) -> None:
    """In batches as large as the relay's."""
    producer = await broker.producer()
    for at in range(0, len(made), _BATCH):
        await producer.send(made[at : at + _BATCH])
    await producer.close()


async def _log_read(broker: Broker, number: int) -> None:
    subscription = await broker.subscribe(f"bare-{uuid4()}", TOPICS, starts=Stands().starts)
    found = 0
    while found < number:
        chunks = await subscription.fetch(limit=500, wait=0.25)
        found += sum(len(chunk.records) for chunk in chunks)
        if chunks:
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
            batches = await consumer.getmany(timeout_ms=250, max_records=500)
            found += sum(len(batch) for batch in batches.values())
    finally:
        await consumer.stop()
