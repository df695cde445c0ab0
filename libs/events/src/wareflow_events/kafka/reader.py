"""Looking at the log from outside any group: its ends, its beginnings, its records."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition as KafkaPlace

from wareflow_events.broker import Record, Stored, TopicPartition
from wareflow_events.kafka.closing import stop_consumer


def stored_of(place: TopicPartition, record: Any) -> Stored:
    """A record as aiokafka hands it out, in the port's terms; what is null there is empty here."""
    headers = tuple((name, value or b"") for name, value in record.headers)
    return Stored(
        place, record.offset, Record(place.topic, record.key or b"", headers, record.value or b"")
    )


class Reader:
    """Looks at the log from outside any group; its client is made anew after an error."""

    def __init__(self, client: Mapping[str, Any]) -> None:
        self._client = client
        self._consumer: Any = None
        self._at: tuple[TopicPartition, int] | None = None
        self._opening = asyncio.Lock()
        self._reading = asyncio.Lock()

    async def _open(self) -> Any:
        async with self._opening:
            if self._consumer is None:
                consumer = AIOKafkaConsumer(
                    **self._client,
                    enable_auto_commit=False,
                    auto_offset_reset="none",
                    request_timeout_ms=10_000,
                    fetch_max_wait_ms=100,
                )
                try:
                    await consumer.start()
                except BaseException:
                    await stop_consumer(consumer)
                    raise
                self._consumer = consumer
            return self._consumer

    async def ends(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset after the last record of each."""
        return await self._offsets("end_offsets", places)

    async def begins(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset of the first record of each that is still kept."""
        return await self._offsets("beginning_offsets", places)

    async def _offsets(
        self, which: str, places: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        if not places:
            return {}
        consumer = await self._open()
        try:
            found = await getattr(consumer, which)([KafkaPlace(*place) for place in places])
        except (KafkaError, OSError):
            await self.close()
            raise
        return {TopicPartition(*place): cast("int", offset) for place, offset in found.items()}

    async def read(self, place: TopicPartition, *, start: int, limit: int) -> Sequence[Stored]:
        """Records from `start` on; goes on where it was without a seek."""
        async with self._reading:
            end = (await self.ends([place]))[place]
            goes_on = self._at == (place, start)
            first = start if goes_on else max(start, (await self.begins([place]))[place])
            if first >= end:
                return ()
            consumer = await self._open()
            tp = KafkaPlace(*place)
            if goes_on:
                consumer.resume(tp)
            else:
                consumer.assign([tp])
                consumer.seek(tp, first)
            self._at = None
            for _ in range(10):
                found = await consumer.getmany(tp, timeout_ms=1000, max_records=limit)
                records = [stored_of(place, record) for record in found.get(tp, ())]
                if records:
                    # Else it would fetch on by itself, and at the end of the partition the broker
                    # would keep all that is asked of it waiting behind that fetch.
                    consumer.pause(tp)
                    self._at = (place, records[-1].offset + 1)
                    return records
            raise TimeoutError(f"{place} does not deliver what it has from {start} on")

    async def close(self) -> None:
        """Close the client; the next look opens another."""
        async with self._opening:
            consumer, self._consumer, self._at = self._consumer, None, None
            if consumer is not None:
                await stop_consumer(consumer)
