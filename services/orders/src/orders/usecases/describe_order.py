"""Change the notes that the staff keeps on an order."""

from orders.model.ids import OrderId
from orders.model.order import Order, OrderNotFound
from orders.store.orders import lock_orders
from wareflow_events.transaction import Transaction
from wareflow_kit import audit
from wareflow_kit.auth import Principal


async def describe_order(
    tx: Transaction, *, order_id: OrderId, metadata: dict[str, str], who: Principal
) -> Order:
    """Replace the metadata. `OrderNotFound`."""
    order = (await lock_orders(tx, [order_id])).get(order_id)
    if order is None:
        raise OrderNotFound
    await audit.record(
        tx,
        who=who,
        action="order.describe",
        subject=f"order/{order_id}",
        before={**order.metadata_},
        after={**metadata},
    )
    order.metadata_ = metadata
    order.note("described", now=tx.now)
    return order
