"""Dead letters: events that cannot be applied, kept with their error, their key parked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy.ext.asyncio import AsyncConnection

from wareflow_events import envelope
from wareflow_events.broker import Record, Stored, TopicPartition
from wareflow_events.event import Kind, topics

_NAMESPACE = UUID("6f0a3bd0-52c6-4b53-9e26-3f6ab5f3a5c1")
CONTACT_RETENTION = timedelta(hours=72)
_KEY_HEADER = "wareflow-key"
"""Beside the headers of a letter whose key is longer than an index takes: that key."""


def dead_letter_tables(metadata: MetaData) -> None:
    """Declare `dead_letter` and `parked_key` on a service's metadata."""
    _ = Table(
        "dead_letter",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("event_id", UuidType, nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("key", LargeBinary, nullable=False),
        Column("type", Text),
        Column("headers", LargeBinary, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("error", Text, nullable=False),
        Column("attempts", Integer, nullable=False, server_default="1"),
        Column("died_at", DateTime(timezone=True), nullable=False),
        UniqueConstraint("consumer", "event_id", name="one_dead_letter_per_event"),
        Index("dead_letter_by_key", "consumer", "topic", "key", "id"),
    )
    _ = Table(
        "parked_key",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("topic", Text, primary_key=True),
        Column("key", LargeBinary, primary_key=True),
        Column("parked_at", DateTime(timezone=True), nullable=False),
    )


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A kept event, as `wareflow deadletters list` shows it."""

    id: int
    consumer: str
    event_id: UUID
    type: str | None
    stored: Stored
    error: str
    attempts: int
    died_at: datetime


def id_of(stored: Stored) -> UUID:
    """The event's id, or one made of its place in the log when it has none that can be used."""
    for name, value in stored.record.headers:
        if name.lower() == "ce_id":
            try:
                found = UUID(value.decode())
            except ValueError:
                break
            if found.version == 7:
                return found
            break
    return _id_of_place(stored)


def _id_of_place(stored: Stored) -> UUID:
    return uuid5(_NAMESPACE, f"{stored.place.topic}/{stored.place.partition}/{stored.offset}")


def _indexed(key: bytes) -> bytes:
    """A key as it is kept: no index takes one without end, which is no event's of ours."""
    return key if len(key) <= envelope.LONGEST_KEY else sha256(key).digest()


def _type_of(record: Record) -> str | None:
    try:
        return envelope.from_record(record).type.replace("\x00", "")  # no text in PostgreSQL
    except envelope.Malformed:
        return None


_KEEP = """
INSERT INTO dead_letter (consumer, event_id, topic, partition, "offset", key, type, headers, value,
                         error, died_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT ON CONSTRAINT one_dead_letter_per_event DO NOTHING RETURNING 1
"""
_IS_KEPT = """
SELECT 1 FROM dead_letter WHERE consumer = $1 AND event_id = $2 AND topic = $3 AND key = $4
"""
_PARK = """
INSERT INTO parked_key (consumer, topic, key, parked_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""


async def keep(
    connection: AsyncConnection, stored: Stored, *, consumer: str, error: str, now: datetime
) -> None:
    """Put a record into the dead-letter table and park its key.

    One that came before is there already; another one under its id gets an id of its own.
    """
    event_id, record, key = id_of(stored), stored.record, _indexed(stored.record.key)
    if not await _keep(connection, stored, event_id, consumer=consumer, error=error, now=now):
        same = (consumer, event_id, record.topic, key)
        if (await connection.exec_driver_sql(_IS_KEPT, same)).first() is None:
            place = _id_of_place(stored)
            _ = await _keep(connection, stored, place, consumer=consumer, error=error, now=now)
    _ = await connection.exec_driver_sql(_PARK, (consumer, record.topic, key, now))


async def _keep(
    connection: AsyncConnection,
    stored: Stored,
    event_id: UUID,
    *,
    consumer: str,
    error: str,
    now: datetime,
) -> bool:
    record, key = stored.record, _indexed(stored.record.key)
    headers = [(name, value.decode("latin-1")) for name, value in record.headers]
    if key != record.key:
        headers.append((_KEY_HEADER, record.key.decode("latin-1")))
    arguments = (
        *(consumer, event_id),
        *(record.topic, stored.place.partition, stored.offset, key, _type_of(record)),
        *(orjson.dumps(headers), record.value, error, now),
    )
    return (await connection.exec_driver_sql(_KEEP, arguments)).first() is not None


_PARKED = """
SELECT topic, key FROM parked_key
WHERE consumer = $1 AND (topic, key) IN (SELECT * FROM unnest($2::text[], $3::bytea[]))
ORDER BY topic, key FOR UPDATE
"""


async def parked(
    connection: AsyncConnection, records: Sequence[Stored], *, consumer: str
) -> set[tuple[str, bytes]]:
    """Which (topic, key) of the records are parked; locked against a redrive until the commit."""
    keys = {(s.record.topic, _indexed(s.record.key)): s.record.key for s in records}
    arguments = (consumer, [topic for topic, _ in keys], [key for _, key in keys])
    rows = await connection.exec_driver_sql(_PARKED, arguments)
    return {(row.topic, keys[row.topic, row.key]) for row in rows}


_LIST = """
SELECT * FROM dead_letter WHERE ($1::text IS NULL OR consumer = $1) AND id > $2
ORDER BY id LIMIT $3
"""


async def letters(
    connection: AsyncConnection, *, consumer: str | None = None, after: int = 0, limit: int = 100
) -> list[DeadLetter]:
    """Kept events, oldest first."""
    rows = await connection.exec_driver_sql(_LIST, (consumer, after, limit))
    return [_letter(row) for row in rows.mappings()]


_OPEN = """
SELECT count(*) FROM (SELECT FROM dead_letter WHERE consumer = $1 LIMIT 10000) AS d
"""


async def open_letters(connection: AsyncConnection, *, consumer: str) -> int:
    """How many events a consumer has kept, up to 10,000."""
    return (await connection.exec_driver_sql(_OPEN, (consumer,))).scalar_one()


_LOCK_KEY = """
SELECT 1 FROM parked_key WHERE consumer = $1 AND topic = $2 AND key = $3 FOR UPDATE
"""
_NEXT = """
SELECT * FROM dead_letter WHERE consumer = $1 AND topic = $2 AND key = $3 ORDER BY id LIMIT 1
"""


async def next_of_key(
    connection: AsyncConnection, *, consumer: str, topic: str, key: bytes
) -> DeadLetter | None:
    """The first kept event of a parked key, locked against the consumer; None when none is left."""
    arguments = (consumer, topic, _indexed(key))
    if (await connection.exec_driver_sql(_LOCK_KEY, arguments)).first() is None:
        return None
    row = (await connection.exec_driver_sql(_NEXT, arguments)).mappings().first()
    return None if row is None else _letter(row)


_FORGET = "DELETE FROM dead_letter WHERE id = $1"
_UNPARK = """
DELETE FROM parked_key p WHERE consumer = $1 AND topic = $2 AND key = $3 AND NOT EXISTS (
    SELECT FROM dead_letter d WHERE d.consumer = p.consumer AND d.topic = p.topic AND d.key = p.key)
"""


async def forget(connection: AsyncConnection, letter: DeadLetter) -> None:
    """Remove a letter that was applied, and its key's park with the last one."""
    record = letter.stored.record
    arguments = (letter.consumer, record.topic, _indexed(record.key))
    _ = await connection.exec_driver_sql(_FORGET, (letter.id,))
    _ = await connection.exec_driver_sql(_UNPARK, arguments)


_FAILED = "UPDATE dead_letter SET error = $2, attempts = attempts + 1 WHERE id = $1"


async def failed_again(connection: AsyncConnection, letter: DeadLetter, *, error: str) -> None:
    """Note that a redrive failed, and why."""
    _ = await connection.exec_driver_sql(_FAILED, (letter.id, error))


# The parks are locked first, and looked at by statements of their own: a consumer that is just
# putting a letter behind one holds it, and its letter must be seen before the park goes.
_LOCK_PARKS = """
SELECT 1 FROM parked_key WHERE topic = ANY($1::text[]) ORDER BY consumer, topic, key FOR UPDATE
"""
_UNPARK_TOPICS = """
DELETE FROM parked_key p WHERE topic = ANY($1::text[]) AND NOT EXISTS (
    SELECT FROM dead_letter d WHERE d.consumer = p.consumer AND d.topic = p.topic AND d.key = p.key)
"""
_PURGE = "DELETE FROM dead_letter WHERE topic = ANY($1::text[]) AND died_at < $2"
_ERASE = """
DELETE FROM dead_letter
WHERE topic = ANY($1::text[])
  AND EXISTS (
    SELECT FROM unnest($2::text[]) AS e (id)
    WHERE position(e.id IN lower(encode(value, 'escape'))) > 0
  )
"""


async def purge_contacts(connection: AsyncConnection, *, now: datetime) -> int:
    """Forget dead letters with personal data after 72 hours; how many."""
    return await _drop_contacts(connection, _PURGE, now - CONTACT_RETENTION)


async def erase_contacts(connection: AsyncConnection, ids: Sequence[UUID]) -> int:
    """Forget dead letters with personal data of the people with these ids; how many."""
    return await _drop_contacts(connection, _ERASE, [str(subject) for subject in ids])


async def _drop_contacts(connection: AsyncConnection, statement: str, argument: object) -> int:
    contacts = [topic.name for topic in topics() if topic.kind is Kind.CONTACT]
    _ = await connection.exec_driver_sql(_LOCK_PARKS, (contacts,))
    gone = (await connection.exec_driver_sql(statement, (contacts, argument))).rowcount
    _ = await connection.exec_driver_sql(_UNPARK_TOPICS, (contacts,))
    return gone


def _letter(row: RowMapping) -> DeadLetter:
    place = TopicPartition(row["topic"], row["partition"])
    headers: list[tuple[str, str]] = orjson.loads(row["headers"])
    pairs = tuple((name, value.encode("latin-1")) for name, value in headers)
    key = row["key"]
    if pairs and pairs[-1][0] == _KEY_HEADER:
        pairs, key = pairs[:-1], pairs[-1][1]
    record = Record(place.topic, key, pairs, row["value"])
    return DeadLetter(
        id=row["id"],
        consumer=row["consumer"],
        event_id=row["event_id"],
        type=row["type"],
        stored=Stored(place, row["offset"], record),
        error=row["error"],
        attempts=row["attempts"],
        died_at=row["died_at"],
    )
