"""Retrieve and list: pages by key over ids that sort by time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from wareflow_sandbox.model.base import Rendered, Resource
from wareflow_sandbox.model.errors import NoSuchObject
from wareflow_sandbox.model.ids import first_id

R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, kw_only=True)
class Window:
    """Which part of a list: newest first, between cursors, made within seconds since 1970."""

    limit: int
    starting_after: str | None = None
    ending_before: str | None = None
    made_from: int | None = None
    made_before: int | None = None


async def find(session: AsyncSession, kind: type[R], name: str) -> R:
    """The object of that id; `NoSuchObject`."""
    found = await session.scalar(select(kind).where(kind.id == name))
    if found is None:
        raise NoSuchObject(kind.OBJECT, name)
    return found


async def page(
    session: AsyncSession,
    kind: type[R],
    window: Window,
    where: Sequence[ColumnElement[bool]] = (),
) -> tuple[list[R], bool]:
    """One page, newest first, and whether there are more in its direction."""
    backwards = window.ending_before is not None
    query = (
        select(kind)
        .where(*where, *_within(kind, window))
        .order_by(kind.id if backwards else kind.id.desc())
        .limit(window.limit + 1)
    )
    rows = list(await session.scalars(query))
    more, rows = len(rows) > window.limit, rows[: window.limit]
    return (rows[::-1] if backwards else rows), more


def _within(kind: type[Resource], window: Window) -> list[ColumnElement[bool]]:
    """Times are bounds of ids, so that one index answers every list."""
    bounds: list[ColumnElement[bool]] = []
    if window.starting_after is not None:
        bounds.append(kind.id < window.starting_after)
    if window.ending_before is not None:
        bounds.append(kind.id > window.ending_before)
    if window.made_from is not None:
        bounds.append(kind.id >= _first(kind, window.made_from))
    if window.made_before is not None:
        bounds.append(kind.id < _first(kind, window.made_before))
    return bounds


def _first(kind: type[Resource], seconds: int) -> str:
    return first_id(kind.PREFIX, at=datetime.fromtimestamp(seconds, UTC))


def listed(objects: Sequence[Rendered], *, more: bool, url: str) -> Rendered:
    """A list in Stripe's shape."""
    return {"object": "list", "data": list(objects), "has_more": more, "url": url}
