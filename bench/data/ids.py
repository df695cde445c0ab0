"""Ids that follow from a kind and a number, in Python and in SQL alike."""

from datetime import UTC, datetime, timedelta
from hashlib import md5
from uuid import UUID

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
"""When number 0 was made; each number is a minute later."""
_BEGIN_MS = int(BEGIN.timestamp() * 1000)
_STEP_MS = 60_000


def made_at(number: int) -> datetime:
    """When the thing of this number was made."""
    return BEGIN + timedelta(milliseconds=number * _STEP_MS)


def made(kind: str, number: int) -> UUID:
    """The UUIDv7 of the thing of this number, so that tables are in time order as real ones."""
    mixed = md5(f"{kind}:{number}".encode(), usedforsecurity=False).hexdigest()
    return UUID(f"{_BEGIN_MS + number * _STEP_MS:012x}7{mixed[:3]}8{mixed[3:18]}")


SQL = f"""
CREATE OR REPLACE FUNCTION pg_temp.made_at(number bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE RETURN to_timestamp(({_BEGIN_MS} + number * {_STEP_MS}) / 1000.0);
CREATE OR REPLACE FUNCTION pg_temp.made(kind text, number bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE RETURN (lpad(to_hex({_BEGIN_MS} + number * {_STEP_MS}), 12, '0')
        || '7' || substr(md5(kind || ':' || number), 1, 3)
        || '8' || substr(md5(kind || ':' || number), 4, 15))::uuid;
"""
"""The same as functions of a session."""
