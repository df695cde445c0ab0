"""The outbox: events wait here, committed together with the state they tell of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy.ext.asyncio import AsyncConnection

from wareflow_events.driver import fetch
from wareflow_events.event import Event


def outbox_tables(metadata: MetaData) -> None:
    """Declare `outbox` and `event_stream` on a service's metadata.

    `event_stream` holds the root row of each (topic, key): its lock orders the key's events, its
    `sequence` numbers them without gaps. No status column in `outbox`: a row that was sent is gone.
    """
    _ = Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True, cache=1), primary_key=True),
        Column("event_id", UuidType, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("time", DateTime(timezone=True), nullable=False),
        Column("sequence", BigInteger),
        Column("traceparent", Text),
        Column("data", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        postgresql_with={
            "autovacuum_vacuum_scale_factor": "0",
            "autovacuum_vacuum_threshold": "1000",
        },
    )
    _ = Table(
        "event_stream",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("sequence", BigInteger, nullable=False),
        postgresql_with={"fillfactor": "70"},
    )


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that its transaction will write."""

    id: UUID
    event: Event
    data: bytes


# One statement. Root rows are raised (and so locked) in sorted order, before the outbox rows draw
# their ids: ids of one key are then in commit order, and rivals cannot deadlock on two keys.
_WRITE = """
WITH pending AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bool[])
        WITH ORDINALITY AS p (event_id, topic, key, type, data, sequenced, place)
), raised AS (
    INSERT INTO event_stream AS s (topic, key, sequence)
    SELECT topic, key, count(*) FROM pending WHERE sequenced
    GROUP BY topic, key ORDER BY topic, key
    ON CONFLICT (topic, key) DO UPDATE SET sequence = s.sequence + excluded.sequence
    RETURNING s.topic, s.key, s.sequence
)
INSERT INTO outbox (event_id, topic, key, type, data, time, traceparent, sequence)
SELECT p.event_id, p.topic, p.key, p.type, p.data, $7, $8,
       CASE WHEN p.sequenced THEN r.sequence + 1 - row_number() OVER (
           PARTITION BY p.topic, p.key ORDER BY p.place DESC) END
FROM pending p LEFT JOIN raised r USING (topic, key)
ORDER BY p.place
"""


async def write(
    connection: AsyncConnection,
    pending: Sequence[Pending],
    *,
    time: datetime,
    traceparent: str | None,
) -> None:
    """Write events to the outbox of the current transaction, in the order given."""
    columns = (
        [p.id for p in pending],
        [p.event.TOPIC.name for p in pending],
        [p.event.key for p in pending],
        [p.event.TYPE for p in pending],
        [p.data for p in pending],
        [p.event.TOPIC.sequenced for p in pending],
    )
    _ = await fetch(connection, _WRITE, *columns, time, traceparent)
