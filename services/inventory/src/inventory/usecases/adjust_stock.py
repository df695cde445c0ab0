"""Adjust stock: the shelf was counted, or units were damaged, lost, found, returned."""

from inventory.model.ids import DocumentId, LocationId, Sku, VariantId
from inventory.model.movement import Reason
from inventory.model.stock import StockMoved
from inventory.store import holds, items, locations, stocks
from inventory.usecases.book import book
from wareflow_events.transaction import Transaction
from wareflow_kit.auth import Principal


async def adjust_stock(
    tx: Transaction,
    *,
    which: VariantId | Sku,
    location_id: LocationId | None = None,
    delta: int = 0,
    counted: int | None = None,
    reason: Reason,
    reference: str | None = None,
    expected_on_hand: int | None = None,
    who: Principal,
) -> DocumentId:
    """Change what is on hand by `delta`, or to what was `counted`; the adjustment.

    `StockMoved` when there is not what the caller `expected_on_hand`; `BelowZero`; `BelowReserved`
    with the newest orders whose holds stand in the way. `UnknownSku`, `AmbiguousSku`,
    `UnknownLocation`; a location that is not active may well be counted.
    """
    variant_id = await items.variant_of(tx.session, which)
    place = locations.place(await locations.all_for_use(tx.session), location_id)
    stock = (await stocks.lock_or_open(tx.session, [variant_id]))[variant_id]
    shelf = stock.shelf_at(locations.empty_shelf(place))
    if expected_on_hand not in (None, shelf.on_hand):
        raise StockMoved(on_hand=shelf.on_hand)
    change = delta if counted is None else counted - shelf.on_hand
    gap = stock.gap(shelf, change)
    orders = await holds.in_the_way(tx.session, variant_id, place.id, units=gap) if gap else {}
    entry = stock.adjust(shelf, change, reason, in_the_way=orders)
    return await book(tx, stock, entry, reference=reference, who=who)
