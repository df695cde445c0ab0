"""What tests of services use: a clock that stands, a hand that feeds events, what was published."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from wareflow_events import batch, inbox
from wareflow_events.broker import Chunk, Stored, TopicPartition
from wareflow_events.consumer import ConsumerGroup
from wareflow_events.envelope import Envelope, source_of, to_record
from wareflow_events.event import Event, event_class
from wareflow_events.ids import new_id
from wareflow_events.partitioner import partition_of
from wareflow_events.transaction import Transactions


class FixedClock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime | None = None) -> None:
        self.now = at or datetime.now(UTC)

    def __call__(self) -> datetime:
        """The time it stands at."""
        return self.now

    def advance(self, **parts: float) -> datetime:
        """Move on by a timedelta's keyword arguments (`seconds=30`)."""
        self.now += timedelta(**parts)
        return self.now


class Hand:
    """Feeds events to a group by its real inbox and handlers, without a broker."""

    def __init__(self, transactions: Transactions, group: ConsumerGroup) -> None:
        self._transactions = transactions
        self._group = group
        self._next: dict[TopicPartition, int] = {}
        self._sequences: dict[tuple[str, str], int] = {}

    async def hear(self, *events: Event, twice: bool = False) -> None:
        """Apply events as one batch, in order; `twice` delivers the batch once more.

        Raises what a handler raises, instead of making a dead letter.
        """
        envelopes = [self._envelope(event) for event in events]
        await self._deliver(envelopes)
        if twice:
            await self._deliver(envelopes)

    async def hear_again(self, event: Event, *, id: UUID) -> None:  # noqa: A002
        """Apply an event under a given id."""
        await self._deliver([self._envelope(event, id=id)])

    def _envelope(self, event: Event, *, id: UUID | None = None) -> Envelope:  # noqa: A002
        now = self._transactions.clock()
        stream = (event.TOPIC.name, event.key)
        self._sequences[stream] = self._sequences.get(stream, 0) + 1
        return Envelope(
            id=id or new_id(at=now),
            type=event.TYPE,
            source=source_of(event.TOPIC.service),
            time=now,
            key=event.key,
            data=event.model_dump_json().encode(),
            sequence=self._sequences[stream] if event.TOPIC.sequenced else None,
        )

    async def _deliver(self, envelopes: Sequence[Envelope]) -> None:
        await batch.apply(self._transactions, self._group, await self._chunks(envelopes))

    async def _chunks(self, envelopes: Sequence[Envelope]) -> list[Chunk]:
        topics = {topic.name: topic for topic in self._group.topics}
        records: dict[TopicPartition, list[Stored]] = {}
        for envelope in envelopes:
            record = to_record(envelope)
            place = TopicPartition(
                record.topic, partition_of(record.key, topics[record.topic].partitions)
            )
            offset = self._next.get(place, 0)
            self._next[place] = offset + 1
            records.setdefault(place, []).append(Stored(place, offset, record))
        async with self._transactions.engine.begin() as connection:
            stands = await inbox.register(
                connection, consumer=self._group.name, ends=dict.fromkeys(records, 0)
            )
        shifted = {place: stands[place] - found[0].offset for place, found in records.items()}
        chunks: list[Chunk] = []
        for place, found in records.items():
            moved = [Stored(place, s.offset + shifted[place], s.record) for s in found]
            self._next[place] = moved[-1].offset + 1
            chunks.append(Chunk(place, moved[0].offset, moved[-1].offset + 1, moved))
        return chunks


async def published(engine: AsyncEngine) -> list[Event]:
    """What waits in the outbox, decoded, in order; the outbox is empty afterwards."""
    statement = "DELETE FROM outbox RETURNING id, type, data"
    async with engine.begin() as connection:
        rows = (await connection.exec_driver_sql(statement)).all()
    ordered = sorted(rows, key=lambda row: row.id)
    return [event_class(row.type).model_validate_json(row.data) for row in ordered]
