"""Receive stock: units came in from a supplier."""

from inventory.model.ids import DocumentId, LocationId, Sku, VariantId
from inventory.model.movement import Reason
from inventory.store import items, locations, stocks
from inventory.usecases.book import book
from wareflow_events.transaction import Transaction
from wareflow_kit.auth import Principal


async def receive_stock(
    tx: Transaction,
    *,
    which: VariantId | Sku,
    location_id: LocationId | None = None,
    quantity: int,
    reference: str | None = None,
    who: Principal,
) -> DocumentId:
    """Put `quantity` units on the shelf, of the first location when none is named; the receipt.

    A variant that the catalogue has not told of yet may come in by its id. `UnknownSku`,
    `AmbiguousSku`, `UnknownLocation`, `LocationInactive`.
    """
    variant_id = await items.variant_of(tx.session, which)
    place = locations.place(await locations.all_for_use(tx.session), location_id)
    place.require_active()
    stock = (await stocks.lock_or_open(tx.session, [variant_id]))[variant_id]
    entry = stock.add(stock.shelf_at(locations.empty_shelf(place)), quantity, Reason.RECEIVE)
    return await book(tx, stock, entry, reference=reference, who=who)
