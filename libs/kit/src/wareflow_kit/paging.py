"""Pages by key: the cursor says where the last page ended, never how many rows to skip."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Generic, TypeVar, overload
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from wareflow_kit.jsons import to_json
from wareflow_kit.refusals import Invalid

T = TypeVar("T")
Row = TypeVar("Row")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

CursorValue = str | int | bool | UUID | datetime | None


class Page(BaseModel, Generic[T]):
    """A part of a list; `next` is the cursor of the following page, null on the last."""

    model_config = ConfigDict(frozen=True)

    items: list[T]
    next: str | None = Field(default=None, description="Pass as `after` to read on")


class InvalidCursor(Invalid):
    """Not a cursor that this list gave."""


def encode_cursor(*values: CursorValue) -> str:
    """Text that stands for the sort key of a row."""
    return urlsafe_b64encode(to_json(values)).decode().rstrip("=")


@overload
def decode_cursor(cursor: str, a: type[A], /) -> tuple[A]: ...
@overload
def decode_cursor(cursor: str, a: type[A], b: type[B], /) -> tuple[A, B]: ...
@overload
def decode_cursor(cursor: str, a: type[A], b: type[B], c: type[C], /) -> tuple[A, B, C]: ...
@overload
def decode_cursor(cursor: str, /, *types: Any) -> tuple[Any, ...]: ...
def decode_cursor(cursor: str, /, *types: Any) -> tuple[Any, ...]:
    """The values `encode_cursor` took, as `types`; `InvalidCursor` when it is anything else,
    or what no row of a database could have given."""
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        values = _adapter(types).validate_json(raw)
    except ValueError:
        raise InvalidCursor from None
    if not all(map(_is_storable, values)):
        raise InvalidCursor
    return values


def _is_storable(value: object) -> bool:
    """Whether PostgreSQL has such a value: a bigint, a text without NUL, a time with a zone."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, str):
        return "\x00" not in value
    if isinstance(value, datetime):
        return value.tzinfo is not None and _has_utc(value)
    return True


def _has_utc(at: datetime) -> bool:
    try:
        _ = at.astimezone(UTC)
    except OverflowError:  # the first or last hours of the calendar, in another zone
        return False
    return True


@cache
def _adapter(types: tuple[Any, ...]) -> TypeAdapter[tuple[Any, ...]]:
    shape: Any = tuple.__class_getitem__(types)
    return TypeAdapter(shape)


def page(
    rows: Sequence[Row],
    *,
    limit: int,
    render: Callable[[Row], T],
    key: Callable[[Row], tuple[CursorValue, ...]],
) -> Page[T]:
    """A page of the first `limit` rows; query `limit + 1` of them, to know whether more follow."""
    shown = rows[:limit]
    more = len(rows) > limit and len(shown) > 0
    return Page(
        items=[render(row) for row in shown],
        next=encode_cursor(*key(shown[-1])) if more else None,
    )
