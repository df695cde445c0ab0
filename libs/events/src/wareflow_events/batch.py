"""Applying a batch: offset, inbox, handlers, outbox and parked keys in one transaction."""

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from wareflow_events import deadletter, inbox, metrics
from wareflow_events.broker import Chunk, Stored, TopicPartition
from wareflow_events.envelope import Envelope, Malformed, from_record
from wareflow_events.erasure import names_erased
from wareflow_events.event import Event
from wareflow_events.failpoints import failpoint
from wareflow_events.handlers import ConsumerGroup, Handler, Heard
from wareflow_events.ids import time_of
from wareflow_events.saying import said
from wareflow_events.trace import span
from wareflow_events.transaction import Transaction, Transactions

_Kept = set[tuple[TopicPartition, int]]
"""Places of records that went into the dead-letter table behind their key."""

_NOT_HANDLED = failpoint("consumer.claimed_not_handled")
_HANDLING = failpoint("consumer.handling")
"""Reached with each event's id, in a batch and in a redrive alike."""
_NOT_COMMITTED = failpoint("consumer.handled_not_committed")
_NOT_BURIED = failpoint("deadletter.kept_not_committed")


# Derived tables tell nobody anything, and stand beside the offset they are derived up to: what a
# crash of the server takes back of both is read again. So nobody waits for the disk.
_LAZILY = "SET LOCAL synchronous_commit = off"


class TooOld(ValueError):
    """An event from before the inbox remembers: nobody can say whether it was applied."""


@dataclass(frozen=True, slots=True)
class _Opened:
    stored: Stored
    envelope: Envelope
    handler: Handler


async def apply(transactions: Transactions, group: ConsumerGroup, chunks: Sequence[Chunk]) -> None:
    """Apply all records of the chunks, or none; raises what the first faulty one raised."""
    async with transactions.begin(silent=bool(group.derived)) as tx:
        connection = await tx.session.connection()
        if group.derived:
            _ = await connection.exec_driver_sql(_LAZILY)
        standing = await inbox.advance(connection, consumer=group.name, chunks=chunks, now=tx.now)
        records = [s for chunk in chunks for s in chunk.records]
        kept: _Kept = set()
        if standing.parks:
            kept = await _follow_parked(tx, group, records)
        opened = list(_in_time_order(_open(group, chunk, kept) for chunk in chunks))
        fresh = await inbox.first_time(
            connection, standing=standing, ids=[o.envelope.id for o in opened]
        )
        _refuse_too_old(opened, fresh, standing, now=tx.now)
        _NOT_HANDLED.reach(group.name)
        applied = _first_of_each(opened, fresh)
        await _handle(tx, applied, standing)
        _NOT_COMMITTED.reach(group.name)
    _count(group, records, opened, applied, kept)
    if opened:
        age = tx.now - max(one.envelope.time for one in opened)
        metrics.CONSUMER_LAG_SECONDS.labels(group.name).set(max(0.0, age.total_seconds()))


async def bury(
    transactions: Transactions, group: ConsumerGroup, chunk: Chunk, error: BaseException
) -> None:
    """Put a chunk's single record into the dead-letter table and go past it."""
    async with transactions.begin() as tx:
        connection = await tx.session.connection()
        _ = await inbox.advance(connection, consumer=group.name, chunks=[chunk], now=tx.now)
        erased = await names_erased(tx, [stored.record for stored in chunk.records])
        for stored in chunk.records:
            if stored.record.value in erased:
                metrics.CONSUMER_EVENTS.labels(group.name, stored.place.topic, "erased").inc()
                continue
            await deadletter.keep(
                connection, stored, consumer=group.name, error=describe(error), now=tx.now
            )
            metrics.CONSUMER_EVENTS.labels(group.name, stored.place.topic, "dead").inc()
        _NOT_BURIED.reach(group.name)


def describe(error: BaseException) -> str:
    """What is kept of an error beside a dead letter."""
    return said(error)[:2000]


async def handle_one(tx: Transaction, handler: Handler, heard: Heard[Event]) -> None:
    """Hand a single event to its handler, swallowing what it expects."""
    await _call(tx, handler, [heard])


async def _follow_parked(tx: Transaction, group: ConsumerGroup, records: Sequence[Stored]) -> _Kept:
    connection = await tx.session.connection()
    parked = await deadletter.parked(connection, records, consumer=group.name)
    kept = [s for s in records if (s.record.topic, s.record.key) in parked] if parked else []
    erased = await names_erased(tx, [stored.record for stored in kept]) if kept else ()
    for stored in kept:
        if stored.record.value in erased:
            continue
        await deadletter.keep(
            connection,
            stored,
            consumer=group.name,
            error="waits behind an earlier event of its key",
            now=tx.now,
        )
    return {(stored.place, stored.offset) for stored in kept}


def _open(group: ConsumerGroup, chunk: Chunk, kept: _Kept) -> list[_Opened]:
    opened: list[_Opened] = []
    for stored in chunk.records:
        if kept and (stored.place, stored.offset) in kept:
            continue
        envelope = from_record(stored.record)
        handler = group.by_type.get(envelope.type)
        if handler is not None:
            opened.append(_Opened(stored, envelope, handler))
    return opened


def _in_time_order(parts: Iterable[list[_Opened]]) -> Iterable[_Opened]:
    """Merge partitions by time; the order within each stays as it is in the log."""
    return heapq.merge(*parts, key=lambda o: o.envelope.time)


def _first_of_each(opened: Iterable[_Opened], fresh: set[UUID]) -> list[_Opened]:
    left = set(fresh)
    found: list[_Opened] = []
    for one in opened:
        if one.envelope.id in left:
            left.discard(one.envelope.id)
            found.append(one)
    return found


def _refuse_too_old(
    opened: Sequence[_Opened], fresh: set[UUID], standing: inbox.Standing, *, now: datetime
) -> None:
    for one in opened:
        is_replay = one.stored.offset < standing.replay_until[one.stored.place]
        if one.envelope.id not in fresh or is_replay:
            continue
        made = time_of(one.envelope.id)
        if made < now - inbox.RETENTION:
            raise TooOld(f"event {one.envelope.id} was made at {made.isoformat()}")


def _heard(one: _Opened, standing: inbox.Standing) -> Heard[Event]:
    return heard_of(
        one.envelope, replay=one.stored.offset < standing.replay_until[one.stored.place]
    )


def heard_of(envelope: Envelope, *, replay: bool = False) -> Heard[Event]:
    """Open an envelope for a handler; raises what makes it unreadable."""
    event = envelope.open()
    if event.key != envelope.key:
        raise Malformed(f"key {envelope.key!r} is not the event's {event.key!r}")
    return Heard(event, envelope.id, envelope.time, envelope.sequence, replay)


async def _handle(tx: Transaction, opened: Sequence[_Opened], standing: inbox.Standing) -> None:
    for handler, run in groupby(opened, key=lambda o: o.handler):
        several = list(run)
        if handler.run:
            with span(f"hear {handler.event.TYPE}", parent=several[0].envelope.traceparent):
                await _call(tx, handler, [_heard(one, standing) for one in several])
        else:
            for one in several:
                with span(f"hear {handler.event.TYPE}", parent=one.envelope.traceparent):
                    await _call(tx, handler, [_heard(one, standing)])


async def _call(tx: Transaction, handler: Handler, heard: list[Heard[Event]]) -> None:
    for one in heard:
        _HANDLING.reach(one.id)
    if not handler.expected:
        await handler.handle(tx, heard)
    else:
        try:
            async with tx.savepoint():
                await handler.handle(tx, heard)
        except handler.expected:
            return
    await tx.flush()


def _count(
    group: ConsumerGroup,
    records: Sequence[Stored],
    opened: Sequence[_Opened],
    applied: Sequence[_Opened],
    kept: _Kept,
) -> None:
    read = Counter([stored.place.topic for stored in records])
    parked = Counter([place.topic for place, _ in kept])
    known = Counter([one.stored.place.topic for one in opened])
    fresh = Counter([one.stored.place.topic for one in applied])
    results = {
        "applied": fresh,
        "duplicate": known - fresh,
        "parked": parked,
        "skipped": read - known - parked,
    }
    for result, by_topic in results.items():
        for topic, number in by_topic.items():
            metrics.CONSUMER_EVENTS.labels(group.name, topic, result).inc(number)
