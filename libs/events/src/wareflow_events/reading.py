"""Reading the log from outside any group: backwards in pages, forwards, partitions by time."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from wareflow_events.broker import Broker, Stored, TopicPartition
from wareflow_events.envelope import Malformed, from_record

_PAGE = 2000
_BATCH = 500


def number_of(stored: Stored) -> int:
    """The event's number among those of its key; 0 for what has none, or is no event of ours."""
    found = header(stored, "ce_sequence")
    return int(found) if found.isdigit() else 0


def header(stored: Stored, name: str) -> bytes:
    """A header's value; empty when there is none."""
    return next((value for key, value in stored.record.headers if key.lower() == name), b"")


def key_of(stored: Stored) -> str:
    """The key as `event_stream` has it."""
    return stored.record.key.decode(errors="replace")


async def pages_back(
    broker: Broker, place: TopicPartition, end: int
) -> AsyncGenerator[Sequence[Stored]]:
    """A partition's records before `end`, page by page from the end to the beginning."""
    while end > 0:
        start = max(0, end - _PAGE)
        page = [stored async for stored in span(broker, place, start, end)]
        if not page:
            return
        yield page
        end = start


async def span(
    broker: Broker, place: TopicPartition, start: int, end: int
) -> AsyncGenerator[Stored]:
    """A partition's records from `start` up to, not including, `end`."""
    while start < end:
        records = await broker.read(place, start=start, limit=_PAGE)
        if not records:
            return
        for stored in records:
            if stored.offset < end:
                yield stored
        start = records[-1].offset + 1


async def by_time(lines: Sequence[AsyncGenerator[Stored]]) -> AsyncGenerator[Stored]:
    """Merge partitions by the time of their events; the order within each stays.

    What is no event of ours is left out.
    """
    heads = [head for line in lines if (head := await _head(line)) is not None]
    while heads:
        first = min(heads, key=lambda head: head.time)
        heads.remove(first)
        yield first.stored
        if (following := await _head(first.line)) is not None:
            heads.append(following)


@dataclass(frozen=True, slots=True, eq=False)
class _Head:
    time: datetime
    stored: Stored
    line: AsyncGenerator[Stored]


async def _head(line: AsyncGenerator[Stored]) -> _Head | None:
    async for stored in line:
        with suppress(Malformed):
            return _Head(from_record(stored.record).time, stored, line)
    return None


async def batches(records: AsyncGenerator[Stored]) -> AsyncGenerator[Sequence[Stored]]:
    """Records in batches of a size that a transaction can take."""
    batch: list[Stored] = []
    async for stored in records:
        batch.append(stored)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
