"""Rebuilding derived tables, and redriving dead letters."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from wareflow_events import deadletter, inbox
from wareflow_events.batch import describe, handle_one, heard_of
from wareflow_events.broker import Broker
from wareflow_events.deadletter import DeadLetter
from wareflow_events.envelope import from_record
from wareflow_events.failpoints import failpoint
from wareflow_events.handlers import ConsumerGroup
from wareflow_events.transaction import Transactions

_NOT_RESET = failpoint("rebuild.emptied_not_committed")
_NOT_REPLAYED = failpoint("rebuild.committed_not_replayed")
_NOT_COMMITTED = failpoint("redrive.applied_not_committed")
_NOT_SAID = failpoint("redrive.committed_not_said")


class NotDerived(ValueError):
    """The group has effects that cannot be thrown away and made again."""


_RESET = """
WITH me AS (
    UPDATE consumer SET generation = generation + 1 WHERE name = $1 RETURNING id
)
UPDATE consumer_offset o SET replay_until = e.until, next = 0, moved_at = $5
FROM me, unnest($2::text[], $3::int[], $4::bigint[]) AS e (topic, partition, until)
WHERE o.consumer_id = me.id AND o.topic = e.topic AND o.partition = e.partition
"""
_HOLD = "SELECT 1 FROM consumer WHERE name = $1 FOR UPDATE"
"""Waits for the batch in work, which holds the row shared."""


async def rebuild(transactions: Transactions, group: ConsumerGroup, broker: Broker) -> None:
    """Empty the group's derived tables and send it back to the beginning, in one transaction.

    The running consumer notices by its offsets, seeks to 0, and replays under a new inbox
    generation. `NotDerived` if the group has other effects.
    """
    if not group.derived:
        raise NotDerived(f"{group.name} has no derived tables")
    ends = await broker.ends(group.topics)
    async with transactions.begin() as tx:
        connection = await tx.session.connection()
        _ = await inbox.register(connection, consumer=group.name, ends=ends)
        _ = await connection.exec_driver_sql(_HOLD, (group.name,))
        names = ", ".join(f'"{table.name}"' for table in group.derived)
        _ = await connection.execute(text(f"TRUNCATE {names}"))
        places = list(ends)
        arguments = (
            group.name,
            [place.topic for place in places],
            [place.partition for place in places],
            [ends[place] for place in places],
            tx.now,
        )
        _ = await connection.exec_driver_sql(_RESET, arguments)
        _NOT_RESET.reach(group.name)
    _NOT_REPLAYED.reach(group.name)


async def pause(transactions: Transactions, group: ConsumerGroup, *, paused: bool) -> None:
    """Hold a group, or let it go on."""
    async with transactions.begin() as tx:
        connection = await tx.session.connection()
        _ = await connection.exec_driver_sql(_HOLD, (group.name,))
        _ = await connection.exec_driver_sql(
            "UPDATE consumer SET paused = $2 WHERE name = $1", (group.name, paused)
        )


@dataclass(frozen=True, slots=True)
class Redriven:
    """What became of one dead letter."""

    letter: DeadLetter
    error: str | None
    """None when it was applied."""


async def redrive(
    transactions: Transactions, groups: Sequence[ConsumerGroup], *, consumer: str | None = None
) -> AsyncIterator[Redriven]:
    """Apply dead letters in order, key by key; a key stops at the first that fails again."""
    by_name = {group.name: group for group in groups}
    done: set[tuple[str, str, bytes]] = set()
    async for head in _letters(transactions, consumer):
        record = head.stored.record
        key = (head.consumer, record.topic, record.key)
        group = by_name.get(head.consumer)
        if key in done or group is None:
            continue
        done.add(key)
        while (outcome := await _redrive_next(transactions, group, key)) is not None:
            yield outcome
            if outcome.error is not None:
                break


async def _letters(transactions: Transactions, consumer: str | None) -> AsyncIterator[DeadLetter]:
    """All of them, a page in memory at a time: each may be almost a megabyte."""
    after = 0
    while True:
        async with transactions.engine.connect() as connection:
            page = await deadletter.letters(connection, consumer=consumer, after=after, limit=50)
        if not page:
            return
        for letter in page:
            yield letter
        after = page[-1].id


async def _redrive_next(
    transactions: Transactions, group: ConsumerGroup, key: tuple[str, str, bytes]
) -> Redriven | None:
    consumer, topic, raw = key
    letter: DeadLetter | None = None
    try:
        async with transactions.begin(silent=bool(group.derived)) as tx:
            connection = await tx.session.connection()
            letter = await deadletter.next_of_key(
                connection, consumer=consumer, topic=topic, key=raw
            )
            if letter is None:
                return None
            envelope = from_record(letter.stored.record)
            handler = group.by_type.get(envelope.type)
            standing = await inbox.standing(connection, consumer=consumer)
            fresh = await inbox.first_time(connection, standing=standing, ids=[envelope.id])
            if handler is not None and fresh:
                await handle_one(tx, handler, heard_of(envelope))
            await deadletter.forget(connection, letter)
            _NOT_COMMITTED.reach(consumer)
    except Exception as error:
        if letter is None:
            raise
        async with transactions.begin() as tx:
            connection = await tx.session.connection()
            await deadletter.failed_again(connection, letter, error=describe(error))
        return Redriven(letter, describe(error))
    _NOT_SAID.reach(consumer)
    return Redriven(letter, None)
