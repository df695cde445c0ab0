"""Reserve a run of orders: all lines of an order or none, in the order they were placed."""

from collections.abc import Sequence

from inventory.model.hold import PlacedOrder, decide
from inventory.store import holds, stocks
from wareflow_events.failpoints import failpoint
from wareflow_events.transaction import Transaction

_NOT_COMMITTED = failpoint("stock.reserved_not_committed")


async def reserve_orders(tx: Transaction, *, orders: Sequence[PlacedOrder]) -> None:
    """Hold units for orders and answer each: `StockReserved`, or `StockShort` and nothing held.

    However many orders it is, the stock of their variants is locked by one statement, decided
    upon in memory, and written by one statement per table; each variant's new state is told once.
    An order that had its answer or its end already gets no other.
    """
    decided = await holds.decided(tx.session, [order.order_id for order in orders])
    fresh = {order.order_id: order for order in orders if order.order_id not in decided}
    if not fresh:
        return
    found = await stocks.lock(
        tx.session, (line.variant_id for order in fresh.values() for line in order.lines)
    )
    answers = [decide(order, found) for order in fresh.values()]
    changed = [stock for stock in found.values() if stock.is_changed]
    await holds.answer(tx.session, list(fresh.values()), answers, now=tx.now)
    await stocks.save(tx.session, changed)
    for answer in answers:
        tx.publish(answer)
    for stock in changed:
        tx.publish(stock.changed())
    _NOT_COMMITTED.reach()
