"""Ship a run of orders that were handed to the carrier: their units leave the ledger."""

from collections.abc import Mapping

from inventory.model.hold import NothingHeld, units_of
from inventory.model.ids import DocumentId, OrderId
from inventory.model.movement import Cause
from inventory.store import holds, ledger, stocks
from wareflow_events.schemas.inventory import StockShipped
from wareflow_events.transaction import Transaction

_ACTOR = "orders"


async def ship_orders(tx: Transaction, *, numbers: Mapping[OrderId, str]) -> None:
    """Take the held units of orders off their shelves; `numbers` are what people call the orders.

    `NothingHeld` when one of them has no hold: then none is shipped.
    """
    ended = await holds.ship(tx.session, list(numbers), now=tx.now)
    if empty := [number for order_id, number in numbers.items() if order_id not in ended]:
        raise NothingHeld(f"Nothing is held for {', '.join(empty)}.")
    units = {order_id: units_of(ended[order_id]) for order_id in numbers}
    found = await stocks.lock(tx.session, (v for held in units.values() for v, _ in held))
    entries = [
        (Cause(DocumentId(order_id), _ACTOR, numbers[order_id]), entry)
        for order_id, held in units.items()
        for (variant_id, location_id), quantity in held.items()
        for entry in found[variant_id].ship(location_id, quantity)
    ]
    await stocks.save(tx.session, found.values())
    await ledger.append(tx.session, entries, at=tx.now)
    for order_id in numbers:
        tx.publish(StockShipped(order_id=order_id, lines=ended[order_id]))
    for stock in found.values():
        tx.publish(stock.changed())
