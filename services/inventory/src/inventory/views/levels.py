"""Questions about stock: what there is of which variants, and where."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from inventory.model.ids import LocationId, VariantId
from inventory.model.item import Item, StockItem, UnknownVariant
from inventory.model.level import Shelf, StockLevel
from inventory.model.location import Location
from inventory.model.stock import VariantStock

_ITEM = [getattr(StockItem, column.name) for column in fields(Item)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which variants; every filter that is given has to hold."""

    variant_ids: Sequence[VariantId] = ()
    skus: Sequence[str] = ()
    location_id: LocationId | None = None
    removed: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filters as SQL."""
        found: list[ColumnElement[bool]] = []
        if self.variant_ids:
            found.append(StockItem.variant_id.in_(self.variant_ids))
        if self.skus:
            found.append(StockItem.sku.in_(self.skus))
        if self.removed is not None:
            found.append(StockItem.removed == self.removed)
        if self.location_id is not None:
            found.append(
                exists().where(
                    StockLevel.variant_id == StockItem.variant_id,
                    StockLevel.location_id == self.location_id,
                )
            )
        return found


async def levels(
    session: AsyncSession,
    wanted: Wanted,
    *,
    after: tuple[str, UUID] | None = None,
    limit: int,
) -> list[VariantStock]:
    """Stocks of the wanted variants by SKU, from the one that follows `after` on."""
    query = select(*_ITEM).where(*wanted.conditions())
    if after is not None:
        query = query.where(tuple_(StockItem.sku, StockItem.variant_id) > after)
    query = query.order_by(StockItem.sku, StockItem.variant_id).limit(limit)
    items = [Item(*row) for row in await session.execute(query)]
    shelves = await _shelves(session, [item.variant_id for item in items])
    return [VariantStock(item, shelves[item.variant_id]) for item in items]


async def stock_of(session: AsyncSession, variant_id: VariantId) -> VariantStock:
    """The stock of a variant; `UnknownVariant` when neither it nor stock of it was heard of."""
    found = await levels(session, Wanted(variant_ids=[variant_id]), limit=1)
    if not found:
        raise UnknownVariant(retry_after=1)
    return found[0]


async def _shelves(
    session: AsyncSession, variant_ids: Sequence[VariantId]
) -> dict[VariantId, list[Shelf]]:
    found: dict[VariantId, list[Shelf]] = {variant_id: [] for variant_id in variant_ids}
    if not found:
        return found
    query = (
        select(
            StockLevel.variant_id,
            StockLevel.location_id,
            Location.priority,
            Location.active,
            StockLevel.on_hand,
            StockLevel.reserved,
            StockLevel.backorder_limit,
        )
        .join(Location, Location.id == StockLevel.location_id)
        .where(StockLevel.variant_id.in_(variant_ids))
    )
    for row in await session.execute(query):
        found[row.variant_id].append(Shelf(*row[1:]))
    return found
