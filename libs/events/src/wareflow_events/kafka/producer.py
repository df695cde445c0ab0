"""Appending to Kafka: idempotent, acknowledged by all in-sync replicas, a batch per partition."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import TopicPartition as KafkaPlace

from wareflow_events.broker import Record
from wareflow_events.kafka.closing import close_within
from wareflow_events.partitioner import partition_of

_SEND_LIMIT = 30.0
"""Seconds for all acknowledgements; an idempotent aiokafka producer itself retries for ever."""
_STOP_LIMIT = 10.0
_BATCH_BYTES = 131_072


async def connect(
    client: Mapping[str, Any], *, partitions: Mapping[str, int], compression: str | None
) -> "KafkaProducer":
    """A started producer for topics with these partition counts."""
    producer = AIOKafkaProducer(
        **client,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        max_batch_size=_BATCH_BYTES,
        compression_type=compression,
        request_timeout_ms=15_000,
    )
    try:
        async with asyncio.timeout(_SEND_LIMIT):
            await producer.start()
    except BaseException:
        await close_within(_STOP_LIMIT, producer.stop())
        raise
    return KafkaProducer(producer, partitions)


class KafkaProducer:
    """Appends batches; after any error it is of no more use, the caller makes a new one."""

    def __init__(self, producer: AIOKafkaProducer, partitions: Mapping[str, int]) -> None:
        self._producer: Any = producer
        self._partitions = partitions
        self._broken = False

    async def send(self, records: Sequence[Record]) -> None:
        """Return when every record is acknowledged by all in-sync replicas."""
        if self._broken:
            raise KafkaConnectionError("this producer failed before; make a new one")
        self._broken = True
        async with asyncio.timeout(_SEND_LIMIT):
            _ = await asyncio.gather(*await self._submit(records))
        self._broken = False

    async def _submit(self, records: Sequence[Record]) -> list["asyncio.Future[Any]"]:
        """Queue the records in a batch per partition: much cheaper than a future per record."""
        open_batches: dict[KafkaPlace, Any] = {}
        acks: list[asyncio.Future[Any]] = []
        for record in records:
            number = partition_of(record.key, self._partitions[record.topic])
            place = KafkaPlace(record.topic, number)
            batch = open_batches.get(place) or self._producer.create_batch()
            if not _append(batch, record):
                acks.append(await self._queue(place, batch))
                batch = self._producer.create_batch()
                if not _append(batch, record):
                    raise ValueError(f"a record of {len(record.value):,} bytes fits no batch")
            open_batches[place] = batch
        for place, batch in open_batches.items():
            acks.append(await self._queue(place, batch))
        return acks

    async def _queue(self, place: KafkaPlace, batch: Any) -> "asyncio.Future[Any]":
        ack: asyncio.Future[Any] = await self._producer.send_batch(
            batch, place.topic, partition=place.partition
        )
        ack.add_done_callback(_retrieve)
        return ack

    async def close(self) -> None:
        """Stop at once: what was not acknowledged is sent again by the next producer.

        aiokafka's own `stop` would first try to deliver it, without a limit, beside that one.
        """
        sender: asyncio.Task[None] | None = self._producer._sender.sender_task  # noqa: SLF001
        if sender is not None:
            for limit in (0.5 if self._broken else _STOP_LIMIT, _STOP_LIMIT):
                _ = sender.cancel()  # the first time it still awaits what is in flight
                _ = await asyncio.wait({sender}, timeout=limit)
                await self._producer.client.close()
        accumulator = self._producer._message_accumulator  # noqa: SLF001
        accumulator.fail_all(KafkaConnectionError("producer closed"))
        await close_within(_STOP_LIMIT, self._producer.stop())


def _append(batch: Any, record: Record) -> bool:
    appended = batch.append(
        timestamp=None, key=record.key, value=record.value, headers=list(record.headers)
    )
    return appended is not None


def _retrieve(ack: "asyncio.Future[Any]") -> None:
    if not ack.cancelled():
        _ = ack.exception()
