"""Erased people: their ids are kept, and checked under a lock before personal data is written."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from uuid import UUID

from sqlalchemy import Column, DateTime, MetaData, Table, func
from sqlalchemy import Uuid as UuidType

from wareflow_events import deadletter
from wareflow_events.broker import Record
from wareflow_events.driver import fetch
from wareflow_events.event import Kind, topics
from wareflow_events.failpoints import failpoint
from wareflow_events.transaction import Transaction

_NOT_FORGOTTEN = failpoint("erasure.marked_not_forgotten")


def erasure_tables(metadata: MetaData) -> None:
    """Declare `erased_id` on a service's metadata; never part of derived tables."""
    _ = Table(
        "erased_id",
        metadata,
        Column("subject_id", UuidType, primary_key=True),
        Column("erased_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


_IDS = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('subject ' || $1::uuid::text, 0))"
_ERASED = "SELECT 1 FROM erased_id WHERE subject_id = $1"
_MARK = """
INSERT INTO erased_id (subject_id, erased_at) SELECT id, $2 FROM unnest($1::uuid[]) AS e (id)
ON CONFLICT DO NOTHING
"""


async def lock_subject(tx: Transaction, subject_id: UUID) -> bool:
    """Hold a person's id until the commit; True if they were erased and nothing may be written."""
    _ = await fetch(tx.session, _LOCK, subject_id)
    return bool(await fetch(tx.session, _ERASED, subject_id))


async def names_erased(tx: Transaction, records: Iterable[Record]) -> set[bytes]:
    """Values of those records that carry personal data and name somebody who was erased.

    Whoever keeps what it could not apply asks first: a letter that cannot be read may come late.
    """
    named = {
        one.value: {UUID(found.decode()) for found in _IDS.findall(one.value)}
        for one in records
        if one.topic in _contact_topics()
    }
    people = set[UUID]().union(*named.values())
    erased = {person for person in sorted(people) if await lock_subject(tx, person)}
    return {value for value, ids in named.items() if ids & erased}


@cache
def _contact_topics() -> frozenset[str]:
    return frozenset(topic.name for topic in topics() if topic.kind is Kind.CONTACT)


async def mark_erased(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Remember people as erased, waiting for whoever is writing about them just now."""
    connection = await tx.session.connection()
    for subject_id in sorted(set(ids)):
        _ = await connection.exec_driver_sql(_LOCK, (subject_id,))
    _ = await connection.exec_driver_sql(_MARK, (list(ids), tx.now))
    _ = await deadletter.erase_contacts(connection, ids)
    _NOT_FORGOTTEN.reach()
