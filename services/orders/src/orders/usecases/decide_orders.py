"""Let something happen to orders: lock them, decide by the state table, tell, tidy up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orders.model.decisions import Signal, decide
from orders.model.ids import CartId, OrderId
from orders.model.order import Order, OrderNotFound
from orders.model.states import Stage, Status
from orders.store.carts import lock_carts
from orders.store.orders import forget_contacts, lock_orders
from wareflow_events.failpoints import failpoint
from wareflow_events.transaction import Transaction

_NOT_COMMITTED = failpoint("orders.decided_not_committed")


@dataclass(frozen=True, slots=True)
class Decided:
    """An order as it is now, and the stage it was in before."""

    order: Order
    before: Stage


async def decide_orders(
    tx: Transaction, *, signals: Sequence[tuple[OrderId, Signal]]
) -> dict[OrderId, Decided]:
    """Each signal in turn, whichever door it came by; what became of the orders.

    `OrderNotFound`, `NotConfirmed`, `OrderClosed`; `Impossible` for what cannot be.
    """
    orders = await lock_orders(tx, list({order_id for order_id, _ in signals}))
    before = {order.id: order.stage for order in orders.values()}
    for order_id, signal in signals:
        order = orders.get(order_id)
        if order is None:
            raise OrderNotFound(order_id=str(order_id))
        for event in decide(order, signal, now=tx.now):
            tx.publish(event)
    ended = [o for o in orders.values() if o.is_over and o.stage != before[o.id]]
    if forgettable := [order.id for order in ended if order.forget_contact]:
        await forget_contacts(tx, forgettable)
    unsold = [o for o in ended if o.status == Status.CANCELLED and not o.was_confirmed]
    await _reopen_carts(tx, {order.cart_id: order for order in unsold})
    for _, signal in signals:
        _NOT_COMMITTED.reach(signal.trigger)
    return {order.id: Decided(order, before[order.id]) for order in orders.values()}


async def _reopen_carts(tx: Transaction, orders: Mapping[CartId, Order]) -> None:
    """What was in the cart can be ordered again, or changed first."""
    if not orders:
        return
    for cart in await lock_carts(tx, list(orders)):
        order = orders[cart.id]
        if cart.order_id == order.id:
            reopened = cart.reopen(
                [line.told() for line in order.lines],
                subtotal=order.money(order.subtotal),
                total=order.money(order.total),
                now=tx.now,
            )
            tx.publish(reopened)
