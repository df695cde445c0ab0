"""JSON with orjson, which does not know that asyncpg's ids are ids."""

from uuid import UUID

import orjson
from pydantic import BaseModel


def to_json(value: object) -> bytes:
    """Compact JSON; ids, times and models as the API writes them; `TypeError` for the rest."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z)


def _plain(value: object) -> object:
    if isinstance(value, UUID):  # asyncpg's, a subclass
        return str(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError
