"""Stocks of variants: locked, read, and written back, many at once in one statement each."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from inventory.model.ids import LocationId, VariantId
from inventory.model.item import Item
from inventory.model.level import Shelf
from inventory.model.stock import VariantStock
from wareflow_events.driver import fetch

Stocks = dict[VariantId, VariantStock]

# The root rows are locked first and alone, in one order everywhere. The levels are read by a
# second statement, whose snapshot is taken with the locks held: it sees a level that a rival has
# added meanwhile, which the first one would not.
_LOCK = """
SELECT variant_id, product_id, product_version, sku, title, tracked, backorder, removed
FROM stock_item WHERE variant_id = ANY($1::uuid[]) ORDER BY variant_id FOR UPDATE
"""

_LEVELS = """
SELECT s.variant_id, s.location_id, l.priority, l.active, s.on_hand, s.reserved, s.backorder_limit
FROM stock_level s JOIN location l ON l.id = s.location_id
WHERE s.variant_id = ANY($1::uuid[])
"""

_OPEN = """
INSERT INTO stock_item (variant_id) SELECT id FROM unnest($1::uuid[]) AS v (id) ORDER BY id
ON CONFLICT DO NOTHING
"""

_SAVE = """
INSERT INTO stock_level (variant_id, location_id, on_hand, reserved, backorder_limit)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[])
ON CONFLICT (variant_id, location_id) DO UPDATE SET
    on_hand = excluded.on_hand, reserved = excluded.reserved,
    backorder_limit = excluded.backorder_limit
"""

_AT_LOCATION = "SELECT variant_id FROM stock_level WHERE location_id = $1"


async def lock(session: AsyncSession, variant_ids: Iterable[VariantId]) -> Stocks:
    """Lock variants, in sorted order, and read their levels.

    One that was never heard of is level 0: it has no row to lock, and none is made.
    """
    wanted = sorted(set(variant_ids))
    if not wanted:
        return {}
    roots = await fetch(session, _LOCK, wanted)
    items = {row.variant_id: Item(*row) for row in roots}
    shelves = await _shelves(session, list(items))
    return {
        variant_id: VariantStock(
            items.get(variant_id) or Item(variant_id), shelves.get(variant_id, [])
        )
        for variant_id in wanted
    }


async def lock_or_open(session: AsyncSession, variant_ids: Iterable[VariantId]) -> Stocks:
    """Like `lock`; one that was never heard of gets its root row, so that it may have stock."""
    wanted = sorted(set(variant_ids))
    _ = await fetch(session, _OPEN, wanted)
    return await lock(session, wanted)


async def save(session: AsyncSession, stocks: Iterable[VariantStock]) -> None:
    """Write the levels of variants that `lock` gave."""
    rows = [(stock.variant_id, shelf) for stock in stocks for shelf in stock.shelves]
    if not rows:
        return
    columns = (
        [variant_id for variant_id, _ in rows],
        [shelf.location_id for _, shelf in rows],
        [shelf.on_hand for _, shelf in rows],
        [shelf.reserved for _, shelf in rows],
        [shelf.backorder_limit for _, shelf in rows],
    )
    _ = await fetch(session, _SAVE, *columns)


async def variants_at(session: AsyncSession, location_id: LocationId) -> list[VariantId]:
    """All variants that have a level at a location."""
    rows = await fetch(session, _AT_LOCATION, location_id)
    return [VariantId(variant_id) for (variant_id,) in rows]


async def _shelves(
    session: AsyncSession, variant_ids: Sequence[VariantId]
) -> dict[UUID, list[Shelf]]:
    if not variant_ids:
        return {}
    found: dict[UUID, list[Shelf]] = {}
    for row in await fetch(session, _LEVELS, variant_ids):
        shelf = Shelf(
            location_id=row.location_id,
            priority=row.priority,
            active=row.active,
            on_hand=row.on_hand,
            reserved=row.reserved,
            backorder_limit=row.backorder_limit,
        )
        found.setdefault(row.variant_id, []).append(shelf)
    return found
