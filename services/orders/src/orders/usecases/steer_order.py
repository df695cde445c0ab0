"""What people do to an order: cancel it, or say that it was handed to the carrier."""

from orders.model.decisions import Signal
from orders.model.ids import OrderId
from orders.model.order import Order
from orders.model.states import Trigger
from orders.usecases.decide_orders import decide_orders
from wareflow_events.transaction import Transaction
from wareflow_kit import audit
from wareflow_kit.auth import Principal


async def cancel_order(tx: Transaction, *, order_id: OrderId, who: Principal) -> Order:
    """End it, or begin to where money may be on its way. `OrderClosed` once it has ended."""
    by_staff = who.kind == "staff"
    trigger = Trigger.CANCEL_BY_STAFF if by_staff else Trigger.CANCEL_BY_CUSTOMER
    return await _steer(tx, order_id, Signal(trigger), who=who)


async def fulfil_order(
    tx: Transaction,
    *,
    order_id: OrderId,
    carrier: str | None,
    tracking_number: str | None,
    who: Principal,
) -> Order:
    """All of it is on its way. `NotConfirmed` before it is paid, `OrderClosed` once it ended."""
    signal = Signal(Trigger.FULFIL, carrier=carrier, tracking_number=tracking_number)
    return await _steer(tx, order_id, signal, who=who)


async def _steer(tx: Transaction, order_id: OrderId, signal: Signal, *, who: Principal) -> Order:
    decided = (await decide_orders(tx, signals=[(order_id, signal)]))[order_id]
    if who.kind == "staff":
        await audit.record(
            tx,
            who=who,
            action=f"order.{signal.trigger}",
            subject=f"order/{order_id}",
            before={"stage": decided.before},
            after={
                "stage": decided.order.stage,
                "carrier": signal.carrier,
                "tracking_number": signal.tracking_number,
            },
        )
    return decided.order
