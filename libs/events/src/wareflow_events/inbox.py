"""The inbox and the offset: an event, its effects and the consumer's place commit together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    func,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy.ext.asyncio import AsyncConnection

from wareflow_events.broker import Chunk, TopicPartition
from wareflow_events.driver import fetch

RETENTION = timedelta(days=30)
"""How long the inbox remembers; an older event outside a replay is a dead letter."""


def inbox_tables(metadata: MetaData) -> None:
    """Declare `consumer`, `consumer_offset` and `inbox` on a service's metadata."""
    _ = Table(
        "consumer",
        metadata,
        Column("id", SmallInteger, Identity(always=True), primary_key=True),
        Column("name", Text, nullable=False, unique=True),
        Column("generation", SmallInteger, nullable=False, server_default="0"),
        Column("paused", Boolean, nullable=False, server_default="false"),
    )
    _ = Table(
        "consumer_offset",
        metadata,
        Column("consumer_id", SmallInteger, primary_key=True),
        Column("topic", Text, primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("next", BigInteger, nullable=False),
        Column("replay_until", BigInteger, nullable=False, server_default="0"),
        Column("moved_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        postgresql_with={"fillfactor": "50"},
    )
    _ = Table(
        "inbox",
        metadata,
        Column("consumer_id", SmallInteger, primary_key=True),
        Column("generation", SmallInteger, primary_key=True),
        Column("event_id", UuidType, primary_key=True),
    )


class Fenced(RuntimeError):
    """This member's place is not the group's any more: another one moved on, or a rebuild began."""


class Paused(RuntimeError):
    """The group is held by an operator."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a consumer's row says, and up to where each partition is a replay."""

    consumer_id: int
    generation: int
    replay_until: Mapping[TopicPartition, int]
    parks: bool = False
    """Whether any key is parked."""


# An insert that meets a conflict has drawn an id all the same, and there are 32,767 of them: hence
# the look before it.
_REGISTER = """
WITH made AS (
    INSERT INTO consumer (name)
    SELECT $1::text WHERE NOT EXISTS (SELECT FROM consumer WHERE name = $1)
    ON CONFLICT (name) DO NOTHING RETURNING id
), me AS (
    SELECT id FROM made UNION ALL SELECT id FROM consumer WHERE name = $1 LIMIT 1
), rows AS (
    INSERT INTO consumer_offset (consumer_id, topic, partition, next, replay_until)
    SELECT me.id, p.topic, p.partition, 0, p.until
    FROM me, unnest($2::text[], $3::int[], $4::bigint[]) AS p (topic, partition, until)
    ON CONFLICT DO NOTHING RETURNING topic, partition, next
)
SELECT topic, partition, next FROM rows
UNION ALL
SELECT o.topic, o.partition, o.next FROM consumer_offset o JOIN me ON me.id = o.consumer_id
WHERE (o.topic, o.partition) IN (SELECT * FROM unnest($2::text[], $3::int[]))
"""


async def register(
    connection: AsyncConnection, *, consumer: str, ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Where `consumer` stands in each partition; new ones start at 0, replaying up to their end."""
    arguments = (
        consumer,
        [place.topic for place in ends],
        [place.partition for place in ends],
        list(ends.values()),
    )
    found: dict[TopicPartition, int] = {}
    for _ in range(3):
        rows = await connection.exec_driver_sql(_REGISTER, arguments)
        found = {TopicPartition(row.topic, row.partition): row.next for row in rows}
        if len(found) == len(ends):
            break  # else a rival has just made some, and the next statement sees them
    return found


_STANDS = """
SELECT o.topic, o.partition, o.next
FROM consumer_offset o JOIN consumer c ON c.id = o.consumer_id WHERE c.name = $1
"""


async def stands(connection: AsyncConnection, *, consumer: str) -> dict[TopicPartition, int]:
    """Where `consumer` stands in every partition it has ever been given."""
    rows = await connection.exec_driver_sql(_STANDS, (consumer,))
    return {TopicPartition(row.topic, row.partition): row.next for row in rows}


# The row lock keeps a rebuild or a pause, which take it exclusively, from cutting a batch in two.
# It also reads what they committed while this statement waited for them; an advisory lock would
# leave it with the snapshot from before.
_ADVANCE = """
WITH me AS MATERIALIZED (
    SELECT id, generation, paused FROM consumer WHERE name = $1 FOR SHARE
), moved AS (
    UPDATE consumer_offset o SET next = b.after, moved_at = $6
    FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[])
        AS b (topic, partition, before, after), me
    WHERE o.consumer_id = me.id AND NOT me.paused
      AND o.topic = b.topic AND o.partition = b.partition AND o.next = b.before
    RETURNING o.topic, o.partition, o.replay_until
)
SELECT me.id, me.generation, me.paused, m.topic, m.partition, m.replay_until,
       EXISTS (SELECT FROM parked_key WHERE consumer = $1) AS parks
FROM me LEFT JOIN moved m ON true
"""


async def advance(
    connection: AsyncConnection, *, consumer: str, chunks: Sequence[Chunk], now: datetime
) -> Standing:
    """Compare and set the consumer's offsets past `chunks`; `Fenced` or `Paused` if it may not."""
    places = [chunk.place for chunk in chunks]
    arguments = (
        consumer,
        [place.topic for place in places],
        [place.partition for place in places],
        [chunk.start for chunk in chunks],
        [chunk.end for chunk in chunks],
        now,
    )
    rows = await fetch(connection, _ADVANCE, *arguments)
    if rows and rows[0].paused:
        raise Paused(consumer)
    moved = {TopicPartition(r.topic, r.partition): r.replay_until for r in rows if r.topic}
    if len(moved) != len(chunks):
        lost = sorted(set(places) - set(moved))
        raise Fenced(f"{consumer} no longer stands where it read in {lost}")
    return Standing(rows[0].id, rows[0].generation, moved, rows[0].parks)


async def standing(connection: AsyncConnection, *, consumer: str) -> Standing:
    """The consumer's row, without moving it."""
    statement = "SELECT id, generation FROM consumer WHERE name = $1"
    row = (await connection.exec_driver_sql(statement, (consumer,))).one()
    return Standing(row.id, row.generation, {})


_FIRST_TIME = """
INSERT INTO inbox (consumer_id, generation, event_id)
SELECT $1, $2, event_id FROM unnest($3::uuid[]) AS e (event_id)
ON CONFLICT DO NOTHING RETURNING event_id
"""


async def first_time(
    connection: AsyncConnection, *, standing: Standing, ids: Sequence[UUID]
) -> set[UUID]:
    """Which of `ids` this consumer has never applied; they count as applied from now on."""
    arguments = (standing.consumer_id, standing.generation, list(dict.fromkeys(ids)))
    rows = await fetch(connection, _FIRST_TIME, *arguments)
    return {row.event_id for row in rows}


# Ids begin with their time, so both are a range of the primary key per consumer.
_PURGE_OLD = """
DELETE FROM inbox i USING consumer c
WHERE i.consumer_id = c.id AND i.generation = c.generation AND i.event_id < $1
"""
_PURGE_EARLIER = """
DELETE FROM inbox i USING consumer c WHERE i.consumer_id = c.id AND i.generation < c.generation
"""


async def purge(connection: AsyncConnection, *, now: datetime) -> int:
    """Forget ids older than `RETENTION` and those of earlier generations; how many."""
    oldest = int((now - RETENTION).timestamp() * 1000)
    bound = UUID(int=oldest << 80)
    old = await connection.exec_driver_sql(_PURGE_OLD, (bound,))
    earlier = await connection.exec_driver_sql(_PURGE_EARLIER)
    return old.rowcount + earlier.rowcount
