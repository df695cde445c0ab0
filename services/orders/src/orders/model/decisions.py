"""What an order does when something happens to it: `decide` looks it up and carries it out.

Each step changes the order, writes down what happened, and returns what is told of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from orders.model.order import Order
from orders.model.states import (
    TABLE,
    Cell,
    FulfilmentStatus,
    PaymentStatus,
    Stage,
    Status,
    Trigger,
)
from wareflow_events.event import Event
from wareflow_events.schemas.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderFulfilled,
    PaymentClosing,
    PaymentDue,
    RefundDue,
    ShortOrderLine,
)
from wareflow_events.schemas.shapes import Money
from wareflow_kit.refusals import Conflict


class NotConfirmed(Conflict):
    """The order is not confirmed yet."""


class OrderClosed(Conflict):
    """The order is past the point where this may change."""


class Impossible(RuntimeError):
    """This cannot happen to an order in this stage; somebody has to look at why it did."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that happened to an order, with what it brings."""

    trigger: Trigger
    amount: Money | None = None
    """What was captured, or what went back by a refund."""
    refund_id: UUID | None = None
    missing: Sequence[ShortOrderLine] = ()
    carrier: str | None = None
    tracking_number: str | None = None
    note: Mapping[str, str | int | None] = field(default_factory=dict[str, str | int | None])
    """What those who follow the order read about it besides."""
    replay: bool = False
    """It may have been heard, and acted upon, before the database was restored from a copy."""


Step = Callable[[Order, Signal, datetime], list[Event]]

_BY = {
    Trigger.STOCK_SHORT: "short_stock",
    Trigger.RESERVE_DEADLINE: "reserve_deadline",
    Trigger.CANCEL_BY_CUSTOMER: "customer",
    Trigger.CANCEL_BY_STAFF: "staff",
    Trigger.PAY_DEADLINE: "deadline",
}


def decide(order: Order, signal: Signal, *, now: datetime) -> list[Event]:
    """Carry out what the state table says, and return what is told of it.

    `Impossible` for what cannot be; `NotConfirmed` and `OrderClosed` for a wish that comes too
    early or too late.
    """
    cell = TABLE[order.stage][signal.trigger]
    if signal.replay and _is_known(order, signal, cell):
        return []
    return _STEPS[cell](order, signal, now)


def _is_known(order: Order, signal: Signal, cell: Cell) -> bool:
    """Whether the order shows already what came of it: what cannot be now is what has been."""
    was_late = cell is Cell.LATE and order.captured > 0
    return cell is Cell.FAULT or was_late or str(signal.refund_id) in order.refunds


def _reserve(order: Order, signal: Signal, now: datetime) -> list[Event]:
    order.reserved_at = now
    if order.total == 0:
        return _confirm(order, signal, now)
    order.status = Status.AWAITING_PAYMENT
    order.payment_status = PaymentStatus.DUE
    order.pay_by = pay_by = now + timedelta(seconds=order.pay_within)
    order.note("payment_due", now=now, pay_by=pay_by.isoformat())
    due = PaymentDue(
        order_id=order.id,
        number=order.number,
        customer_id=order.customer_id,
        amount=order.money(order.total),
        livemode=order.livemode,
        test=order.test,
        pay_by=pay_by,
    )
    return [due]


def _close(order: Order, signal: Signal, now: datetime) -> list[Event]:
    order.status = Status.CLOSING
    order.closing_reason = reason = _BY[signal.trigger]
    order.note("closing", now=now, reason=reason)
    return [PaymentClosing(order_id=order.id, reason=reason)]


def _want_out(order: Order, signal: Signal, now: datetime) -> list[Event]:
    # Payments is asked already; only what a capture would mean is another thing now.
    order.closing_reason = _BY[signal.trigger]
    order.note("closing", now=now, reason=order.closing_reason)
    return []


def _confirm(order: Order, signal: Signal, now: datetime) -> list[Event]:
    if order.total:
        _capture(order, signal)
    order.status = Status.CONFIRMED
    order.confirmed_at = now
    order.note("confirmed", now=now, **signal.note)
    return [
        OrderConfirmed(
            order_id=order.id,
            number=order.number,
            customer_id=order.customer_id,
            guest=order.guest,
            channel=order.channel,
            livemode=order.livemode,
            test=order.test,
            lines=[line.told() for line in order.lines],
            subtotal=order.money(order.subtotal),
            discount=order.money(order.discount),
            shipping=order.money(order.shipping),
            tax=order.money(order.tax),
            total=order.money(order.total),
            ship_to=order.ship_to,
            attribution=order.attribution,
            cart_id=order.cart_id,
            placed_at=order.placed_at,
            confirmed_at=now,
        )
    ]


def _cancel(order: Order, signal: Signal, now: datetime) -> list[Event]:
    if signal.trigger is Trigger.PAYMENT_VOIDED:
        order.payment_status = PaymentStatus.VOIDED
    order.cancel_reason = reason = _cancel_reason(order, signal)
    order.missing = list(signal.missing)
    order.status = Status.CANCELLED
    order.cancelled_at = now
    for line in order.lines:
        line.cancelled = line.quantity - line.fulfilled
    missing = [line.model_dump(mode="json") for line in signal.missing]
    order.note("cancelled", now=now, reason=reason, missing=missing)
    cancelled = OrderCancelled(
        order_id=order.id,
        number=order.number,
        customer_id=order.customer_id,
        reason=reason,
        was_confirmed=order.was_confirmed,
        missing=order.missing,
        cancelled_at=now,
    )
    return [cancelled]


def _cancel_reason(order: Order, signal: Signal) -> str:
    """Who ended it: an order that was closing ends for the reason it was closed for."""
    if order.status != Status.CLOSING:
        return _BY.get(signal.trigger, "payment_failed")
    return "payment_deadline" if order.closing_reason == "deadline" else order.closing_reason or ""


def _give_back(order: Order, signal: Signal, now: datetime) -> list[Event]:
    if signal.trigger is Trigger.PAYMENT_CAPTURED:
        _capture(order, signal)
    told = _cancel(order, signal, now)
    owed = order.captured - order.refunded
    if owed == 0:
        return told
    order.refund_due = owed
    order.payment_status = PaymentStatus.REFUNDING
    order.note("refund_due", now=now, amount=owed)
    refund = RefundDue(
        order_id=order.id,
        refund_id=refund_id(order),
        amount=order.money(owed),
        reason=order.cancel_reason or "",
    )
    return [*told, refund]


def refund_id(order: Order) -> UUID:
    """The id of the refund for cancelling an order: there is one, so it follows from the order."""
    return uuid5(order.id, "refund for cancelling")


def _capture(order: Order, signal: Signal) -> None:
    if signal.amount != order.money(order.total):
        raise Impossible(f"{signal.amount} captured for order {order.id} of {order.total}")
    order.captured = order.total
    order.payment_status = PaymentStatus.PAID


def _declined(order: Order, signal: Signal, now: datetime) -> list[Event]:
    order.payment_status = PaymentStatus.DECLINED
    order.note("payment_failed", now=now, **signal.note)
    return []


def _late(order: Order, signal: Signal, now: datetime) -> list[Event]:
    # Money that came after a void: payments refunds it by itself, and will tell.
    if order.pay_by is None or order.captured:
        raise Impossible(f"order {order.id}: captured without being due, or twice")
    _capture(order, signal)
    order.payment_status = PaymentStatus.REFUNDING
    order.note("captured_late", now=now, **signal.note)
    return []


def _refunded(order: Order, signal: Signal, now: datetime) -> list[Event]:
    refund, amount = str(signal.refund_id), signal.amount.amount if signal.amount else 0
    if not order.captured and order.stage is Stage.CANCELLED and order.pay_by:
        order.captured = order.total  # a late capture, told by its refund only
    if refund in order.refunds or not 0 < amount <= order.captured - order.refunded:
        raise Impossible(f"order {order.id}: refund {refund} of {amount} does not add up")
    _refund_is(order, {**order.refunds, refund: amount})
    is_all, is_asked = order.refunded == order.captured, order.refunded < order.refund_due
    partly = PaymentStatus.REFUNDING if is_asked else PaymentStatus.PARTLY_REFUNDED
    order.payment_status = PaymentStatus.REFUNDED if is_all else partly
    order.note("refunded", now=now, amount=amount, refunded=order.refunded, **signal.note)
    return []


def _refused(order: Order, signal: Signal, now: datetime) -> list[Event]:
    # A bank may send back what had gone through already: then it is not with the customer.
    left = {key: amount for key, amount in order.refunds.items() if key != str(signal.refund_id)}
    _refund_is(order, left)
    order.payment_status = PaymentStatus.REFUND_FAILED
    order.note("refund_failed", now=now, refunded=order.refunded, **signal.note)
    return []


def _refund_is(order: Order, refunds: dict[str, int]) -> None:
    order.refunds, order.refunded = refunds, sum(refunds.values())


def _fulfil(order: Order, signal: Signal, now: datetime) -> list[Event]:
    order.fulfilment_status = FulfilmentStatus.FULFILLED
    order.fulfilled_at = now
    order.carrier, order.tracking_number = signal.carrier, signal.tracking_number
    for line in order.lines:
        line.fulfilled = line.quantity - line.cancelled
    order.note(
        "fulfilled",
        now=now,
        carrier=signal.carrier,
        tracking_number=signal.tracking_number,
    )
    fulfilled = OrderFulfilled(
        order_id=order.id,
        number=order.number,
        customer_id=order.customer_id,
        tracking_number=signal.tracking_number,
        carrier=signal.carrier,
        fulfilled_at=now,
    )
    return [fulfilled]


def _nothing(_order: Order, _signal: Signal, _now: datetime) -> list[Event]:
    return []


def _fault(order: Order, signal: Signal, _now: datetime) -> list[Event]:
    raise Impossible(f"{signal.trigger} for order {order.id}, which is {order.stage}")


def _too_early(order: Order, _signal: Signal, _now: datetime) -> list[Event]:
    raise NotConfirmed(order_status=order.status)


def _too_late(order: Order, _signal: Signal, _now: datetime) -> list[Event]:
    raise OrderClosed(order_status=order.status, fulfilment_status=order.fulfilment_status)


_STEPS: Mapping[Cell, Step] = {
    Cell.RESERVE: _reserve,
    Cell.CANCEL: _cancel,
    Cell.CLOSE: _close,
    Cell.WANT_OUT: _want_out,
    Cell.CONFIRM: _confirm,
    Cell.GIVE_BACK: _give_back,
    Cell.FULFIL: _fulfil,
    Cell.DECLINED: _declined,
    Cell.LATE: _late,
    Cell.REFUNDED: _refunded,
    Cell.REFUSED: _refused,
    Cell.NOTHING: _nothing,
    Cell.FAULT: _fault,
    Cell.TOO_EARLY: _too_early,
    Cell.TOO_LATE: _too_late,
}
