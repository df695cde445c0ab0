"""Ship a run of orders that were handed to the carrier: their units leave the ledger."""

from collections.abc import Mapping

from inventory.model.hold import NothingHeld, units_of
from inventory.model.ids import DocumentId, OrderId
from inventory.model.movement import Cause
from inventory.store import holds, ledger, stocks
from wareflow_events.failpoints import failpoint
from wareflow_events.schemas.inventory import StockShipped
from wareflow_events.transaction import Transaction

_ACTOR = "orders"
_NOT_COMMITTED = failpoint("stock.shipped_not_committed")


async def ship_orders(tx: Transaction, *, numbers: Mapping[OrderId, str]) -> None:
    """Take the held units of orders off their shelves; `numbers` are what people call the orders.

    One that was shipped before stays as it is. `NothingHeld` when one of them has no hold: then
    none is shipped.
    """
    ended = await holds.ship(tx.session, list(numbers), now=tx.now)
    if left := [order_id for order_id in numbers if order_id not in ended]:
        gone = await holds.shipped(tx.session, left)
        if empty := [numbers[order_id] for order_id in left if order_id not in gone]:
            raise NothingHeld(f"Nothing is held for {', '.join(empty)}.")
    units = {order_id: units_of(lines) for order_id, lines in ended.items()}
    found = await stocks.lock(tx.session, (v for held in units.values() for v, _ in held))
    entries = [
        (Cause(DocumentId(order_id), _ACTOR, numbers[order_id]), entry)
        for order_id, held in units.items()
        for (variant_id, location_id), quantity in held.items()
        for entry in found[variant_id].ship(location_id, quantity)
    ]
    await stocks.save(tx.session, found.values())
    await ledger.append(tx.session, entries, at=tx.now)
    for order_id, lines in ended.items():
        tx.publish(StockShipped(order_id=order_id, lines=lines))
    for stock in found.values():
        tx.publish(stock.changed())
    _NOT_COMMITTED.reach()
