"""UUIDv7: ids that carry the time they were made, so that tables and logs stay in time order."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from uuid_utils.compat import uuid7 as _uuid7

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id(*, at: datetime) -> UUID:
    """A fresh UUIDv7 stamped with `at` (millisecond precision, RFC 9562 §5.7)."""
    since = at - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return _uuid7(nanoseconds=micros * 1000)


def id_from(parent: UUID, name: str) -> UUID:
    """The id that follows from another one and a name: the same each time it is asked for.

    It carries the parent's time in its first 48 bits, so that it sorts as the parent does.
    """
    mixed = uuid5(parent, name).int & ((1 << 76) - 1)
    return UUID(int=parent.int >> 80 << 80 | 7 << 76 | mixed)


def time_of(uuid: UUID) -> datetime:
    """When a UUIDv7 was made; `ValueError` for any other kind of UUID."""
    if uuid.version != 7:
        raise ValueError(f"{uuid} is not a UUIDv7")
    return _EPOCH + timedelta(milliseconds=uuid.int >> 80)
