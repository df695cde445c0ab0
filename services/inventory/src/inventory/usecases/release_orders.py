"""Release a run of orders that were cancelled: their units can be sold again."""

from collections.abc import Sequence

from inventory.model.hold import units_of
from inventory.model.ids import OrderId
from inventory.store import holds, stocks
from wareflow_events.failpoints import failpoint
from wareflow_events.schemas.inventory import StockReleased
from wareflow_events.transaction import Transaction

_NOT_COMMITTED = failpoint("stock.released_not_committed")


async def release_orders(tx: Transaction, *, order_ids: Sequence[OrderId]) -> None:
    """End the holds of cancelled orders, and tell `StockReleased` of those that held anything.

    Total over what an order may be here: reserved ends released; short, released and shipped
    hold nothing and stay as they are; one never heard of is remembered as ended.
    """
    ended = await holds.release(tx.session, list(dict.fromkeys(order_ids)), now=tx.now)
    units = units_of(line for lines in ended.values() for line in lines)
    found = await stocks.lock(tx.session, (variant_id for variant_id, _ in units))
    for (variant_id, location_id), quantity in units.items():
        found[variant_id].release(location_id, quantity)
    await stocks.save(tx.session, found.values())
    for order_id, lines in ended.items():
        tx.publish(StockReleased(order_id=order_id, lines=lines))
    for stock in found.values():
        tx.publish(stock.changed())
    _NOT_COMMITTED.reach()
