"""Appending: a batch is one statement, which numbers its records under the locks of their heads."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from wareflow_events.broker import Record
from wareflow_events.partitioner import partition_of
from wareflow_events.postgres.places import Topics, headers_of
from wareflow_events.postgres.tables import drop_on

# Heads are locked in sorted order, so that rival writers cannot deadlock, and read as they are
# then: what a rival committed meanwhile is seen. Positions go on from there, without gaps.
_APPEND = """
WITH given AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY topic_id, partition ORDER BY place) - 1 AS nth
    FROM unnest($1::smallint[], $2::int[], $3::bytea[], $4::bytea[], $5::bytea[], $6::date[])
        WITH ORDINALITY AS g (topic_id, partition, key, headers, value, drop_on, place)
), held AS MATERIALIZED (
    SELECT topic_id, partition, next FROM log_head
    WHERE (topic_id, partition) IN (SELECT topic_id, partition FROM given)
    ORDER BY topic_id, partition FOR UPDATE
), raised AS (
    UPDATE log_head h SET next = held.next + more.count
    FROM held JOIN (SELECT topic_id, partition, count(*) FROM given GROUP BY topic_id, partition)
        AS more USING (topic_id, partition)
    WHERE h.topic_id = held.topic_id AND h.partition = held.partition
), expiring AS (
    INSERT INTO log_expiring (topic_id, partition, position, key, headers, value, drop_on)
    SELECT topic_id, partition, next + nth, key, headers, value, drop_on
    FROM given JOIN held USING (topic_id, partition) WHERE drop_on IS NOT NULL ORDER BY place
)
INSERT INTO log_record (topic_id, partition, position, key, headers, value)
SELECT topic_id, partition, next + nth, key, headers, value
FROM given JOIN held USING (topic_id, partition) WHERE drop_on IS NULL ORDER BY place
"""


class PostgresProducer:
    """Appends batches, each whole or not at all."""

    def __init__(
        self,
        pool: Callable[[], Awaitable[Any]],
        topics: Topics,
        appended: Callable[[Collection[int]], None],
    ) -> None:
        self._pool = pool
        self._topics = topics
        self._appended = appended

    async def send(self, records: Sequence[Record]) -> None:
        """Append all records, or none."""
        if not records:
            return
        rows = [self._row(record) for record in records]
        pool = await self._pool()
        _ = await pool.execute(_APPEND, *map(list, zip(*rows, strict=True)))
        self._appended({row[0] for row in rows})

    async def close(self) -> None:
        """Nothing of its own is open."""

    def _row(self, record: Record) -> tuple[Any, ...]:
        number = self._topics.number(record.topic)
        topic = self._topics.topic(number)
        keep = topic.retention
        return (
            *(number, partition_of(record.key, topic.partitions)),
            *(record.key, headers_of(record), record.value),
            None if keep is None else drop_on(datetime.now(UTC).date(), keep),
        )
