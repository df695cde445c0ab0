"""Take back orders that a restored database has lost, from what was told of them."""

from collections.abc import Sequence
from uuid import UUID

from orders.model.ids import OrderId
from orders.model.order import Order, OrderNotFound
from orders.model.recalling import recall, recalled_order
from orders.store.orders import lock_orders
from orders.store.recalled import count_on_from
from wareflow_events.event import Event
from wareflow_events.handlers import Heard
from wareflow_events.schemas.orders import OrderPlaced
from wareflow_events.transaction import Transaction


async def recall_orders(tx: Transaction, told: Sequence[Heard[Event]]) -> None:
    """Place them and decide about them once more, in the order of time; nothing is told."""
    orders = await lock_orders(tx, list({OrderId(UUID(one.event.key)) for one in told}))
    for one in told:
        if isinstance(one.event, OrderPlaced):
            order = recalled_order(one.event)
            await _add(tx, order)
            orders[order.id] = order
        elif (order := orders.get(OrderId(UUID(one.event.key)))) is not None:
            recall(order, one.event, at=one.time)
        else:
            raise OrderNotFound(order_id=one.event.key)
    await count_on_from(
        tx, [one.event.number for one in told if isinstance(one.event, OrderPlaced)]
    )


async def _add(tx: Transaction, order: Order) -> None:
    # By itself, behind what was decided before: a cart has one order that is not cancelled.
    await tx.session.flush()
    tx.session.add(order)
    await tx.session.flush()
