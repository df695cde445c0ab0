"""The log in PostgreSQL: durable, ordered, with consumer groups, and without Java.

Positions are given under the lock of a partition's head row, so they are without gaps and in
commit order, whoever writes; a reader's `position >= cursor` is therefore safe. A member takes
partitions for one batch by `FOR UPDATE SKIP LOCKED` on the group's rows.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias

import asyncpg

from wareflow_events.bell import Bell
from wareflow_events.broker import Starts, Stored, TopicPartition
from wareflow_events.event import Topic
from wareflow_events.postgres import tables
from wareflow_events.postgres.places import Topics, columns
from wareflow_events.postgres.producer import PostgresProducer
from wareflow_events.postgres.subscription import PostgresSubscription, read

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
_ENDS = """
SELECT t.name, h.partition, h.next FROM log_head h JOIN log_topic t ON t.id = h.topic_id
WHERE t.name = ANY($1::text[])
"""
_CLAIM_TIMEOUT = "20000"
"""Milliseconds after which the server takes a partition back from a member that stopped."""

_Pool: TypeAlias = "asyncpg.Pool[Any]"


class PostgresBroker:
    """The `Broker` port on a PostgreSQL database of its own.

    Members look every `poll` seconds for what other processes appended; what this one appends
    rings those who hear it.
    """

    def __init__(self, dsn: str, *, poll: float = 0.05, connections: int = 12) -> None:
        self._dsn = dsn
        self._poll = poll
        self._connections = connections
        self._pool: _Pool | None = None
        self._opening = asyncio.Lock()
        self._topics = Topics()
        self._members: dict[Bell, frozenset[int]] = {}
        """The bells of this process's members, and what they hear."""

    async def pool(self) -> _Pool:
        """The connections, opened at first use."""
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=0,
                    max_size=self._connections,
                    command_timeout=30,
                    reset=_as_it_is,
                    server_settings={
                        "application_name": "wareflow log",
                        "idle_in_transaction_session_timeout": _CLAIM_TIMEOUT,
                    },
                )
        return self._pool

    async def ensure_topics(self, topics: Iterable[Topic]) -> None:
        """Make the log's tables and missing topics; repeated, also the coming days' tables."""
        pool = await self.pool()
        async with pool.acquire() as connection:
            for number, topic in await tables.make(connection, list(topics)):
                self._topics.add(number, topic)
        await self.maintain()

    async def maintain(self) -> None:
        """Make the coming days' tables of expiring records, and drop those that are due."""
        pool = await self.pool()
        async with pool.acquire() as connection:
            await tables.turn(connection, self._topics)

    async def producer(self) -> PostgresProducer:
        """A producer; its appends are statements on the pool."""
        return PostgresProducer(self.pool, self._topics, self._appended)

    def _appended(self, numbers: Collection[int]) -> None:
        for bell, heard in list(self._members.items()):
            if not heard.isdisjoint(numbers):
                bell.ring()

    async def subscribe(
        self, group: str, topics: Sequence[Topic], *, starts: Starts
    ) -> PostgresSubscription:
        """Join a group: from now on this member takes what is free."""
        places = [TopicPartition(t.name, n) for t in topics for n in range(t.partitions)]
        stands = await starts(places)
        numbered = columns([self._topics.place(place) for place in places])
        positions = [stands.get(place, 0) for place in places]
        pool = await self.pool()
        _ = await pool.execute(_JOIN, group, *numbered, positions)
        _ = await pool.execute(_STAND, group, *numbered, positions)
        numbers, bell = [self._topics.number(topic.name) for topic in topics], Bell()
        self._members[bell] = frozenset(numbers)
        return PostgresSubscription(
            self.pool,
            self._topics,
            group,
            numbers,
            bell=bell,
            poll=self._poll,
            left=partial(self._members.pop, bell, None),
        )

    async def ends(self, topics: Sequence[Topic]) -> Mapping[TopicPartition, int]:
        """The position after the last record, of every partition."""
        pool = await self.pool()
        rows = await pool.fetch(_ENDS, [topic.name for topic in topics])
        return {TopicPartition(row["name"], row["partition"]): row["next"] for row in rows}

    async def read(self, place: TopicPartition, *, start: int, limit: int) -> Sequence[Stored]:
        """Records from `start` on, outside any group."""
        pool = await self.pool()
        async with pool.acquire() as connection:
            at = self._topics.place(place)
            return await read(connection, self._topics, at, start=start, limit=limit)

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await self._pool.close()
            self._pool = None


async def _as_it_is(_: Any) -> None:
    """Nothing outlives a transaction on these connections: what asyncpg would reset, a round trip
    each time, is as it was."""
