"""A member of a group: per batch, it takes the partitions that have something and are free.

It holds them by row locks in a transaction of its own, which ends when the batch is settled. That
transaction is not waited for on the disk: where a group stands is the service's own row, and what
a crash of the server forgets here is read again from there.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any

import asyncpg

from wareflow_events.bell import Bell
from wareflow_events.broker import Chunk, Stored, TopicPartition
from wareflow_events.postgres.places import Place, Topics, columns

_BEGIN = "BEGIN; SET LOCAL synchronous_commit = off"
_BEHIND = """
SELECT EXISTS (
    SELECT FROM log_group g JOIN log_head h USING (topic_id, partition)
    WHERE g.name = $1 AND g.topic_id = ANY($2::smallint[]) AND h.next > g.next
)
"""
# Claimed and read at once. Nothing that a rival settles meanwhile comes twice: the row that is
# locked is read as it is then.
_CLAIM = """
WITH claimed AS MATERIALIZED (
    SELECT g.topic_id, g.partition, g.next, h.next AS head
    FROM log_group g JOIN log_head h USING (topic_id, partition)
    WHERE g.name = $1 AND g.topic_id = ANY($2::smallint[]) AND h.next > g.next
      AND (g.topic_id, g.partition) NOT IN (SELECT * FROM unnest($3::smallint[], $4::int[]))
    ORDER BY g.topic_id, g.partition
    FOR UPDATE OF g SKIP LOCKED
)
SELECT c.topic_id, c.partition, c.next, c.head, r.position, r.key, r.headers, r.value
FROM claimed c LEFT JOIN LATERAL (
    SELECT position, key, headers, value FROM log_record t
    WHERE t.topic_id = c.topic_id AND t.partition = c.partition AND t.position >= c.next
    ORDER BY t.position LIMIT greatest(1, $5 / (SELECT count(*) FROM claimed))
) AS r ON true
ORDER BY c.topic_id, c.partition, r.position
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
_SETTLE = """
UPDATE log_group g SET next = u.next
FROM unnest($2::smallint[], $3::int[], $4::bigint[]) AS u (topic_id, partition, next)
WHERE g.name = $1 AND g.topic_id = u.topic_id AND g.partition = u.partition
"""


class PostgresSubscription:
    """A member; `bell` rings when something is appended to its topics."""

    def __init__(
        self,
        pool: Callable[[], Awaitable[Any]],
        topics: Topics,
        group: str,
        numbers: Sequence[int],
        *,
        bell: Bell,
        poll: float,
        left: Callable[[], object],
    ) -> None:
        self._pool = pool
        self._topics = topics
        self._group = group
        self._numbers = list(numbers)
        self._bell = bell
        self._poll = poll
        self._left = left
        self._resting: dict[Place, float] = {}
        self._rung = -1
        """How often the bell had rung when nothing was left to take."""
        self._look_at = 0.0
        """When to look again though nobody rang: for what another process appended."""
        self._connection: Any = None

    async def fetch(self, *, limit: int, wait: float) -> Sequence[Chunk]:
        """Take what is free and behind; wait for it up to `wait` seconds."""
        deadline = time.monotonic() + wait
        while True:
            rung = self._bell.rung
            chunks = await self._take(limit, rung)
            left = deadline - time.monotonic()
            if chunks or left <= 0:
                return chunks
            pause = max(0.001, min(left, self._look_at - time.monotonic()))
            _ = await self._bell.wait(pause, since=rung)

    async def _take(self, limit: int, rung: int) -> Sequence[Chunk]:
        now = time.monotonic()
        if rung == self._rung and (now < self._look_at or not await self._is_behind()):
            self._look_later(now)
            return ()
        chunks, more = await self._claim(limit, now)
        if not more:
            self._rung = rung
            self._look_later(now)
        return chunks

    def _look_later(self, now: float) -> None:
        if now >= self._look_at:
            rests = [until for until in self._resting.values() if until > now]
            self._look_at = min([now + self._poll, *rests])

    async def _is_behind(self) -> bool:
        pool = await self._pool()
        return bool(await pool.fetchval(_BEHIND, self._group, self._numbers))

    async def _claim(self, limit: int, now: float) -> tuple[Sequence[Chunk], bool]:
        """What was taken, and whether that was not all."""
        resting = [place for place, until in self._resting.items() if until > now]
        pool = await self._pool()
        self._connection = await pool.acquire()
        try:
            _ = await self._connection.execute(_BEGIN)
            rows = await self._connection.fetch(
                _CLAIM, self._group, self._numbers, *columns(resting), limit
            )
            chunks = await self._chunks(rows, limit)
            heads = {(row["topic_id"], row["partition"]): row["head"] for row in rows}
        except BaseException:
            await self._let_go()
            raise
        if not chunks:
            await self._let_go()
        return chunks, any(heads[self._topics.place(chunk.place)] > chunk.end for chunk in chunks)

    async def _chunks(self, rows: Sequence[Any], limit: int) -> Sequence[Chunk]:
        found: dict[Place, tuple[int, int, list[Stored]]] = {}
        for place, several in groupby(rows, key=lambda row: (row["topic_id"], row["partition"])):
            listed = list(several)
            records = [self._topics.stored(row) for row in listed if row["position"] is not None]
            found[place] = listed[0]["next"], listed[0]["head"], records
        expiring = {p: start for p, (start, _, _) in found.items() if self._topics.expires(p[0])}
        if expiring:
            each = max(1, limit // len(found))
            for one in await _read(self._connection, self._topics, expiring, limit=each):
                found[self._topics.place(one.place)][2].append(one)
        return [
            Chunk(self._topics.named(place), start, _end(records, head), records)
            for place, (start, head, records) in found.items()
        ]

    async def settle(
        self, positions: Mapping[TopicPartition, int], *, rest: Mapping[TopicPartition, float]
    ) -> None:
        """Move the group's rows and give the partitions back."""
        now = time.monotonic()
        self._resting = {place: until for place, until in self._resting.items() if until > now}
        self._resting |= {self._topics.place(at): now + s for at, s in rest.items()}
        self._look_at = min([self._look_at, *self._resting.values()])
        places = [self._topics.place(at) for at in positions]
        try:
            _ = await self._connection.execute(
                _SETTLE, self._group, *columns(places), list(positions.values())
            )
            _ = await self._connection.execute("COMMIT")
        finally:
            await self._let_go()

    async def close(self) -> None:
        """Leave the group: give back what is held."""
        _ = self._left()
        await self._let_go()

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if connection.is_in_transaction():
                _ = await connection.execute("ROLLBACK")
        except Exception:  # noqa: BLE001  the connection is broken, and with it the claim is gone
            with suppress(asyncpg.InterfaceError):  # unless the pool has taken it back already
                connection.terminate()
        finally:
            pool = await self._pool()
            await pool.release(connection)


def _end(records: Sequence[Stored], head: int) -> int:
    return records[-1].offset + 1 if records else head


async def _read(
    connection: Any, topics: Topics, starts: Mapping[Place, int], *, limit: int
) -> list[Stored]:
    """Up to `limit` records of each place that forgets, from its start on, in order per place."""
    rows = await connection.fetch(_READ_EXPIRING, *columns(starts), list(starts.values()), limit)
    return [topics.stored(row) for row in rows]


async def read(
    connection: Any, topics: Topics, place: Place, *, start: int, limit: int
) -> list[Stored]:
    """Up to `limit` records of a place from `start` on, in order."""
    if topics.expires(place[0]):
        return await _read(connection, topics, {place: start}, limit=limit)
    rows = await connection.fetch(_READ_KEPT, *columns([place]), [start], limit)
    return [topics.stored(row) for row in rows]
