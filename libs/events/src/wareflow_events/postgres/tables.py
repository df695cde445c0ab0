"""The log's tables: topics, heads, groups, and records that are kept or expire."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from wareflow_events.broker import PartitionMismatch
from wareflow_events.event import Topic

_SCHEMA = """
CREATE TABLE IF NOT EXISTS log_topic (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    partitions int NOT NULL,
    keep interval
);
CREATE TABLE IF NOT EXISTS log_head (
    topic_id smallint NOT NULL, partition int NOT NULL, next bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic_id, partition)
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS log_group (
    name text NOT NULL, topic_id smallint NOT NULL, partition int NOT NULL, next bigint NOT NULL,
    PRIMARY KEY (name, topic_id, partition)
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS log_record (
    topic_id smallint NOT NULL, partition int NOT NULL, position bigint NOT NULL,
    key bytea NOT NULL, headers bytea NOT NULL, value bytea NOT NULL,
    appended_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, partition, position)
);
CREATE TABLE IF NOT EXISTS log_expiring (
    topic_id smallint NOT NULL, partition int NOT NULL, position bigint NOT NULL,
    key bytea NOT NULL, headers bytea NOT NULL, value bytea NOT NULL,
    appended_at timestamptz NOT NULL DEFAULT now(), drop_on date NOT NULL,
    PRIMARY KEY (topic_id, partition, position, drop_on)
) PARTITION BY RANGE (drop_on);
"""
_LOCK = "SELECT pg_advisory_xact_lock(7305941)"
_ADD_TOPIC = """
WITH made AS (
    INSERT INTO log_topic (name, partitions, keep) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO NOTHING RETURNING id
)
INSERT INTO log_head (topic_id, partition) SELECT id, generate_series(0, $2 - 1) FROM made
"""
_TOPICS = "SELECT id, name, partitions FROM log_topic"
_PARTITIONS = """
SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'log_expiring'::regclass
"""
_DAYS_AHEAD = 4


async def make(connection: Any, declared: Iterable[Topic]) -> list[tuple[int, Topic]]:
    """Make missing tables and topics; each topic with its number.

    `PartitionMismatch` when one exists with another number of partitions.
    """
    async with connection.transaction():
        _ = await connection.execute(_LOCK)
        _ = await connection.execute(_SCHEMA)
        for topic in declared:
            _ = await connection.execute(_ADD_TOPIC, topic.name, topic.partitions, topic.retention)
        rows = {row["name"]: row for row in await connection.fetch(_TOPICS)}
    for topic in declared:
        partitions = rows[topic.name]["partitions"]
        if partitions != topic.partitions:
            raise PartitionMismatch(
                f"{topic.name} has {partitions} partitions, declared {topic.partitions}"
            )
    return [(rows[topic.name]["id"], topic) for topic in declared]


async def turn(connection: Any, topics: Iterable[Topic]) -> None:
    """Make the coming days' tables of expiring records, and drop those that are due."""
    today = datetime.now(UTC).date()
    wanted = {
        drop_on(today, keep) + timedelta(days=ahead)
        for keep in {topic.retention for topic in topics}
        if keep is not None
        for ahead in range(_DAYS_AHEAD)
    }
    async with connection.transaction():
        _ = await connection.execute(_LOCK)
        names = {row["name"] for row in await connection.fetch(_PARTITIONS)}
        for day in sorted(wanted):
            if _table_of(day) not in names:
                _ = await connection.execute(
                    f"CREATE TABLE {_table_of(day)} PARTITION OF log_expiring"
                    f" FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
                )
        for name in sorted(names):
            if name < _table_of(today):
                _ = await connection.execute(f"DROP TABLE {name}")


def drop_on(today: date, keep: timedelta) -> date:
    """The day on which what is appended today has been kept for long enough."""
    return today + keep + timedelta(days=1)


def _table_of(day: date) -> str:
    return f"log_expiring_{day:%Y%m%d}"
