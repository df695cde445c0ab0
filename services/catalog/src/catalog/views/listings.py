"""Lists of products: one walk along an index for a page, whatever the size of the catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    String,
    bindparam,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from catalog.model.category import Category
from catalog.model.channel import Channel, NoSuchChannel
from catalog.model.definition import Status
from catalog.model.listing import Listing
from catalog.model.values import Text, Whole
from wareflow_kit.paging import Page, decode_cursor, encode_cursor


class Sort(StrEnum):
    """The orders that a list can have; a minus means descending."""

    TITLE = "title"
    NEWEST = "-newest"
    PRICE = "price"
    DEAREST = "-price"


_KEYS: dict[Sort, tuple[Any, Any]] = {
    Sort.TITLE: (Listing.title_key, Text),
    Sort.NEWEST: (Listing.newest_at, AwareDatetime),
    Sort.PRICE: (Listing.price_min, Whole),
    Sort.DEAREST: (Listing.price_min, Whole),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to. Prices are in minor units of the channel's currency.

    Only staff see what is not sold in the channel (`unsold`) or not active.
    """

    channel: str
    status: Status | None = Status.ACTIVE
    unsold: bool = False
    category: str | None = None
    tags: Sequence[str] = ()
    vendor: str | None = None
    product_type: str | None = None
    price_from: int | None = None
    price_to: int | None = None
    in_stock: bool | None = None


async def listed(
    connection: AsyncConnection, filters: Filters, *, sort: Sort, limit: int, after: str | None
) -> Page[UUID]:
    """The ids of a page, in order. `NoSuchChannel` when there is no such channel."""
    key, kind = _KEYS[sort]
    here = tuple_(key, Listing.product_id)
    conditions = await conditions_of(connection, filters)
    descending = sort.startswith("-")
    if key is Listing.price_min:
        conditions.append(Listing.price_min.is_not(None))
    if after is not None:
        value, last_id = decode_cursor(after, kind, UUID)
        place = tuple_(literal(value), literal(last_id))
        conditions.append(here < place if descending else here > place)
    walk = _Walk(key, conditions, descending, most=limit + 1)
    query = walk.through_all() if filters.status is None else walk.along()
    rows = (await connection.execute(query)).all()
    if not rows and after is None:
        await _require_channel(connection, filters.channel)
    shown = rows[:limit]
    more = encode_cursor(shown[-1][1], shown[-1][0]) if len(rows) > limit else None
    return Page(items=[row[0] for row in shown], next=more)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Along the index of a sort, which begins with the status."""

    key: InstrumentedAttribute[Any]
    conditions: Sequence[ColumnElement[bool]]
    descending: bool
    most: int

    def along(self, *more: ColumnElement[bool]) -> Select[UUID, Any]:
        query = select(Listing.product_id, self.key.label("place")).where(*self.conditions, *more)
        return self._ordered(query, self.key, Listing.product_id)

    def through_all(self) -> Select[UUID, Any]:
        """A walk for each status, merged: so that a page of any status costs three pages, and not
        the whole catalogue."""
        walks = [self.along(Listing.status == status.value).subquery() for status in Status]
        merged = union_all(*(select(walk) for walk in walks)).subquery().c
        query = select(merged.product_id, merged.place)
        return self._ordered(query, merged.place, merged.product_id)

    def _ordered(
        self,
        query: Select[UUID, Any],
        key: SQLColumnExpression[Any],
        last: SQLColumnExpression[UUID],
    ) -> Select[UUID, Any]:
        order = (key.desc(), last.desc()) if self.descending else (key, last)
        return query.order_by(*order).limit(self.most)


async def conditions_of(connection: AsyncConnection, filters: Filters) -> list[ColumnElement[bool]]:
    """The filters as conditions on `listing`."""
    conditions: list[ColumnElement[bool]] = [Listing.channel == filters.channel]
    if filters.status is not None:
        conditions.append(Listing.status == filters.status.value)
    if not filters.unsold:
        conditions.append(Listing.price_min.is_not(None))
    if filters.price_from is not None:
        conditions.append(Listing.price_max >= filters.price_from)
    if filters.price_to is not None:
        conditions.append(Listing.price_min <= filters.price_to)
    if filters.in_stock is not None:
        conditions.append(Listing.in_stock.is_(filters.in_stock))
    if facets := await _facets(connection, filters):
        conditions.append(Listing.facets.contains(array(facets)))
    return conditions


async def _facets(connection: AsyncConnection, filters: Filters) -> list[ColumnElement[str]]:
    facets = [_facet(f"t:{tag}") for tag in filters.tags]
    if filters.vendor is not None:
        facets.append(_facet(f"v:{filters.vendor}"))
    if filters.product_type is not None:
        facets.append(_facet(f"p:{filters.product_type}"))
    if filters.category is not None:
        found = await connection.scalar(
            select(Category.id).where(Category.slug == filters.category)
        )
        facets.append(_facet(f"c:{found}"))
    return facets


def _facet(text: str) -> ColumnElement[str]:
    # Written into the statement, so that the planner knows how rare it is: a plan that is good
    # for a common tag walks the whole index for a rare one.
    return func.lower(bindparam(None, text, type_=String, literal_execute=True))


async def _require_channel(connection: AsyncConnection, channel: str) -> None:
    if await connection.scalar(select(Channel.id).where(Channel.id == channel)) is None:
        raise NoSuchChannel(f"There is no channel {channel!r}")
