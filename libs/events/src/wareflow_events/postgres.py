"""The log in PostgreSQL: durable, ordered, with consumer groups, and without Java.

Positions are given under the lock of a partition's head row, so they are without gaps and in
commit order, whoever writes; a reader's `position >= cursor` is therefore safe. A member takes
partitions for one batch by `FOR UPDATE SKIP LOCKED` on the group's rows.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

import asyncpg
import orjson

from wareflow_events.bell import Bell
from wareflow_events.broker import (
    Chunk,
    PartitionMismatch,
    Record,
    Starts,
    Stored,
    TopicPartition,
)
from wareflow_events.event import Topic
from wareflow_events.partitioner import partition_of

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
_ADD_TOPIC = """
WITH made AS (
    INSERT INTO log_topic (name, partitions, keep) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO NOTHING RETURNING id
)
INSERT INTO log_head (topic_id, partition) SELECT id, generate_series(0, $2 - 1) FROM made
"""
_LOCK_HEADS = """
SELECT topic_id, partition, next FROM log_head
WHERE (topic_id, partition) IN (SELECT * FROM unnest($1::smallint[], $2::int[]))
ORDER BY topic_id, partition FOR UPDATE
"""
_RAISE_HEADS = """
UPDATE log_head h SET next = u.next
FROM unnest($1::smallint[], $2::int[], $3::bigint[]) AS u (topic_id, partition, next)
WHERE h.topic_id = u.topic_id AND h.partition = u.partition
"""
_APPEND = """
INSERT INTO log_record (topic_id, partition, position, key, headers, value)
SELECT * FROM unnest($1::smallint[], $2::int[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[])
"""
_APPEND_EXPIRING = """
INSERT INTO log_expiring (topic_id, partition, position, key, headers, value, drop_on)
SELECT * FROM unnest($1::smallint[], $2::int[], $3::bigint[], $4::bytea[], $5::bytea[],
                     $6::bytea[], $7::date[])
"""
_READ = """
SELECT c.topic_id, c.partition, r.position, r.key, r.headers, r.value
FROM unnest($1::smallint[], $2::int[], $3::bigint[]) AS c (topic_id, partition, start)
CROSS JOIN LATERAL (
    SELECT position, key, headers, value FROM {table} t
    WHERE t.topic_id = c.topic_id AND t.partition = c.partition AND t.position >= c.start
    ORDER BY t.position LIMIT $4
) AS r
"""
_READ_KEPT = _READ.format(table="log_record")
_READ_EXPIRING = _READ.format(table="log_expiring")
_BEHIND = """
SELECT g.topic_id, g.partition FROM log_group g JOIN log_head h USING (topic_id, partition)
WHERE g.name = $1 AND g.topic_id = ANY($2::smallint[]) AND h.next > g.next
"""
_CLAIM = """
SELECT g.topic_id, g.partition, g.next, h.next AS head
FROM log_group g JOIN log_head h USING (topic_id, partition)
WHERE g.name = $1 AND h.next > g.next
  AND (g.topic_id, g.partition) IN (SELECT * FROM unnest($2::smallint[], $3::int[]))
ORDER BY g.topic_id, g.partition
FOR UPDATE OF g SKIP LOCKED
"""
_JOIN = """
INSERT INTO log_group (name, topic_id, partition, next)
SELECT $1, * FROM unnest($2::smallint[], $3::int[], $4::bigint[])
ON CONFLICT (name, topic_id, partition) DO NOTHING
"""
# A row that is locked is in work with a member, who will settle it.
_STAND = """
WITH other AS (
    SELECT g.topic_id, g.partition, u.next
    FROM log_group g JOIN unnest($2::smallint[], $3::int[], $4::bigint[])
        AS u (topic_id, partition, next) USING (topic_id, partition)
    WHERE g.name = $1 AND g.next <> u.next
    ORDER BY g.topic_id, g.partition
    FOR UPDATE OF g SKIP LOCKED
)
UPDATE log_group g SET next = o.next FROM other o
WHERE g.name = $1 AND g.topic_id = o.topic_id AND g.partition = o.partition
"""
_SETTLE = """
UPDATE log_group g SET next = u.next
FROM unnest($2::smallint[], $3::int[], $4::bigint[]) AS u (topic_id, partition, next)
WHERE g.name = $1 AND g.topic_id = u.topic_id AND g.partition = u.partition
"""
_ENDS = """
SELECT t.name, h.partition, h.next FROM log_head h JOIN log_topic t ON t.id = h.topic_id
WHERE t.name = ANY($1::text[])
"""
_PARTITIONS = """
SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'log_expiring'::regclass
"""
_DAYS_AHEAD = 4
_CLAIM_TIMEOUT = "20000"
"""Milliseconds after which the server takes a partition back from a member that stopped."""

_Pool: TypeAlias = "asyncpg.Pool[Any]"
_Place = tuple[int, int]


class _Topics:
    """The declared topics as this log numbers them."""

    def __init__(self) -> None:
        self.by_name: dict[str, tuple[int, Topic]] = {}
        self.by_id: dict[int, Topic] = {}

    def add(self, number: int, topic: Topic) -> None:
        self.by_name[topic.name] = (number, topic)
        self.by_id[number] = topic

    def place(self, at: TopicPartition) -> _Place:
        return self.by_name[at.topic][0], at.partition

    def named(self, at: _Place) -> TopicPartition:
        return TopicPartition(self.by_id[at[0]].name, at[1])


class PostgresBroker:
    """The `Broker` port on a PostgreSQL database of its own."""

    def __init__(self, dsn: str, *, poll: float = 0.05, connections: int = 12) -> None:
        self._dsn = dsn
        self._poll = poll
        self._connections = connections
        self._pool: _Pool | None = None
        self._opening = asyncio.Lock()
        self._topics = _Topics()
        self.appended = Bell()
        """Rung after each append in this process; members in it wake at once."""

    async def pool(self) -> _Pool:
        """The connections, opened at first use."""
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=0,
                    max_size=self._connections,
                    command_timeout=30,
                    server_settings={
                        "application_name": "wareflow log",
                        "idle_in_transaction_session_timeout": _CLAIM_TIMEOUT,
                    },
                )
        return self._pool

    async def ensure_topics(self, topics: Iterable[Topic]) -> None:
        """Make the log's tables and missing topics; repeated, also the coming days' tables."""
        declared = list(topics)
        pool = await self.pool()
        async with pool.acquire() as connection, connection.transaction():
            _ = await connection.execute("SELECT pg_advisory_xact_lock(7305941)")
            _ = await connection.execute(_SCHEMA)
            for topic in declared:
                _ = await connection.execute(
                    _ADD_TOPIC, topic.name, topic.partitions, topic.retention
                )
            rows = await connection.fetch("SELECT id, name, partitions FROM log_topic")
        found = {row["name"]: row for row in rows}
        for topic in declared:
            row = found[topic.name]
            if row["partitions"] != topic.partitions:
                raise PartitionMismatch(
                    f"{topic.name} has {row['partitions']} partitions, declared {topic.partitions}"
                )
            self._topics.add(row["id"], topic)
        await self.maintain()

    async def maintain(self) -> None:
        """Make the coming days' tables of expiring records, and drop those that are due."""
        today = datetime.now(UTC).date()
        wanted = {
            today + keep + timedelta(days=1 + ahead)
            for keep in {t.retention for t in self._topics.by_id.values()}
            if keep is not None
            for ahead in range(_DAYS_AHEAD)
        }
        pool = await self.pool()
        async with pool.acquire() as connection, connection.transaction():
            _ = await connection.execute("SELECT pg_advisory_xact_lock(7305941)")
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

    async def producer(self) -> "PostgresProducer":
        """A producer; its appends are transactions on the pool."""
        return PostgresProducer(self, self._topics)

    async def subscribe(
        self, group: str, topics: Sequence[Topic], *, starts: Starts
    ) -> "PostgresSubscription":
        """Join a group: from now on this member takes what is free."""
        places = [TopicPartition(t.name, n) for t in topics for n in range(t.partitions)]
        stands = await starts(places)
        numbered = [self._topics.place(place) for place in places]
        positions = [stands.get(place, 0) for place in places]
        pool = await self.pool()
        _ = await pool.execute(_JOIN, group, *_columns(numbered), positions)
        _ = await pool.execute(_STAND, group, *_columns(numbered), positions)
        ids = [self._topics.by_name[topic.name][0] for topic in topics]
        return PostgresSubscription(self, self._topics, group, ids, poll=self._poll)

    async def ends(self, topics: Sequence[Topic]) -> Mapping[TopicPartition, int]:
        """The position after the last record, of every partition."""
        pool = await self.pool()
        rows = await pool.fetch(_ENDS, [topic.name for topic in topics])
        return {TopicPartition(row["name"], row["partition"]): row["next"] for row in rows}

    async def read(self, place: TopicPartition, *, start: int, limit: int) -> Sequence[Stored]:
        """Records from `start` on, outside any group."""
        pool = await self.pool()
        async with pool.acquire() as connection:
            return await read(
                connection, self._topics, {self._topics.place(place): start}, limit=limit
            )

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await self._pool.close()
            self._pool = None


class PostgresProducer:
    """Appends batches, each in one transaction."""

    def __init__(self, broker: PostgresBroker, topics: _Topics) -> None:
        self._broker = broker
        self._topics = topics

    async def send(self, records: Sequence[Record]) -> None:
        """Append all records, or none."""
        if not records:
            return
        places = [self._place(record) for record in records]
        pool = await self._broker.pool()
        async with pool.acquire() as connection, connection.transaction():
            await self._append(connection, records, places)
        self._broker.appended.ring()

    async def close(self) -> None:
        """Nothing of its own is open."""

    def _place(self, record: Record) -> _Place:
        number, topic = self._topics.by_name[record.topic]
        return number, partition_of(record.key, topic.partitions)

    async def _append(
        self, connection: Any, records: Sequence[Record], places: Sequence[_Place]
    ) -> None:
        heads = {
            (row["topic_id"], row["partition"]): row["next"]
            for row in await connection.fetch(_LOCK_HEADS, *_columns(sorted(set(places))))
        }
        kept: list[tuple[Any, ...]] = []
        expiring: list[tuple[Any, ...]] = []
        today = datetime.now(UTC).date()
        for record, place in zip(records, places, strict=True):
            row = (*place, heads[place], record.key, _headers(record), record.value)
            heads[place] += 1
            keep = self._topics.by_id[place[0]].retention
            if keep is None:
                kept.append(row)
            else:
                expiring.append((*row, today + keep + timedelta(days=1)))
        if kept:
            _ = await connection.execute(_APPEND, *map(list, zip(*kept, strict=True)))
        if expiring:
            _ = await connection.execute(_APPEND_EXPIRING, *map(list, zip(*expiring, strict=True)))
        _ = await connection.execute(_RAISE_HEADS, *_columns(heads), list(heads.values()))


class PostgresSubscription:
    """A member: per batch, it takes the partitions that have something and that nobody holds."""

    def __init__(
        self, broker: PostgresBroker, topics: _Topics, group: str, ids: list[int], *, poll: float
    ) -> None:
        self._broker = broker
        self._topics = topics
        self._group = group
        self._ids = ids
        self._poll = poll
        self._resting: dict[_Place, float] = {}
        self._connection: Any = None
        self._claim: Any = None

    async def fetch(self, *, limit: int, wait: float) -> Sequence[Chunk]:
        """Take what is free and behind; wait for it up to `wait` seconds."""
        deadline = time.monotonic() + wait
        while True:
            rung = self._broker.appended.rung
            chunks = await self._take(limit)
            left = deadline - time.monotonic()
            if chunks or left <= 0:
                return chunks
            _ = await self._broker.appended.wait(min(self._poll, left), since=rung)

    async def _take(self, limit: int) -> Sequence[Chunk]:
        pool = await self._broker.pool()
        now = time.monotonic()
        behind = [
            (row["topic_id"], row["partition"])
            for row in await pool.fetch(_BEHIND, self._group, self._ids)
            if self._resting.get((row["topic_id"], row["partition"]), 0.0) <= now
        ]
        if not behind:
            return ()
        self._connection = await pool.acquire()
        try:
            self._claim = self._connection.transaction()
            await self._claim.start()
            rows = await self._connection.fetch(_CLAIM, self._group, *_columns(behind))
            if rows:
                return await self._read(rows, limit)
        except BaseException:
            await self._let_go()
            raise
        await self._let_go()
        return ()

    async def _read(self, rows: Sequence[Any], limit: int) -> Sequence[Chunk]:
        starts = {(row["topic_id"], row["partition"]): row["next"] for row in rows}
        each = -(-limit // len(starts))
        stored = await read(self._connection, self._topics, starts, limit=each)
        by_place: dict[TopicPartition, list[Stored]] = {}
        for one in stored:
            by_place.setdefault(one.place, []).append(one)
        chunks: list[Chunk] = []
        for row in rows:
            place = self._topics.named((row["topic_id"], row["partition"]))
            records = by_place.get(place, [])
            end = records[-1].offset + 1 if records else row["head"]
            chunks.append(Chunk(place, row["next"], end, records))
        return chunks

    async def settle(
        self, positions: Mapping[TopicPartition, int], *, rest: Mapping[TopicPartition, float]
    ) -> None:
        """Move the group's rows and give the partitions back."""
        now = time.monotonic()
        self._resting = {place: until for place, until in self._resting.items() if until > now}
        self._resting |= {self._topics.place(at): now + s for at, s in rest.items()}
        try:
            places = [self._topics.place(at) for at in positions]
            _ = await self._connection.execute(
                _SETTLE, self._group, *_columns(places), list(positions.values())
            )
            await self._claim.commit()
        except BaseException:
            await self._let_go()
            raise
        self._claim = None
        await self._let_go()

    async def close(self) -> None:
        """Give back what is held."""
        await self._let_go()

    async def _let_go(self) -> None:
        connection, claim = self._connection, self._claim
        self._connection = self._claim = None
        if connection is None:
            return
        try:
            if claim is not None:
                await claim.rollback()
        except Exception:  # noqa: BLE001  the connection is broken, and with it the claim is gone
            with suppress(asyncpg.InterfaceError):  # unless the pool has taken it back already
                connection.terminate()
        finally:
            pool = await self._broker.pool()
            await pool.release(connection)


def _table_of(day: date) -> str:
    return f"log_expiring_{day:%Y%m%d}"


async def read(
    connection: Any, topics: _Topics, starts: Mapping[_Place, int], *, limit: int
) -> list[Stored]:
    """Up to `limit` records of each place from its start on, in order per place."""
    stored: list[Stored] = []
    for statement, expires in ((_READ_KEPT, False), (_READ_EXPIRING, True)):
        places = [p for p in starts if (topics.by_id[p[0]].retention is not None) is expires]
        if not places:
            continue
        rows = await connection.fetch(
            statement, *_columns(places), [starts[p] for p in places], limit
        )
        stored += [_stored(topics, row) for row in rows]
    return stored


def _stored(topics: _Topics, row: Any) -> Stored:
    place = topics.named((row["topic_id"], row["partition"]))
    pairs: list[tuple[str, str]] = orjson.loads(row["headers"])
    headers = tuple((name, value.encode("latin-1")) for name, value in pairs)
    return Stored(place, row["position"], Record(place.topic, row["key"], headers, row["value"]))


def _headers(record: Record) -> bytes:
    return orjson.dumps([(name, value.decode("latin-1")) for name, value in record.headers])


def _columns(places: Iterable[_Place]) -> tuple[list[int], list[int]]:
    listed = list(places)
    return [number for number, _ in listed], [partition for _, partition in listed]
