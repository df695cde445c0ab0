"""An order as its own events tell of it: how it gets back what a restored database has lost."""

from datetime import datetime

from orders.model.decisions import Signal, decide
from orders.model.ids import CartId, CustomerId, LineId, OrderId, VariantId
from orders.model.order import Order, OrderEvent
from orders.model.order_line import OrderLine
from orders.model.states import FulfilmentStatus, PaymentStatus, Stage, Status, Trigger
from orders.settings import Settings
from wareflow_events.event import Event
from wareflow_events.schemas.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderedLine,
    OrderFulfilled,
    OrderPlaced,
    PaymentClosing,
    PaymentDue,
    RefundDue,
)

_PAY_WITHIN: float = Settings.model_fields["pay_within"].default.total_seconds()
"""No event says how long an order that is not due yet will have to be paid."""

_WISHES = {
    "deadline": Trigger.PAY_DEADLINE,
    "customer": Trigger.CANCEL_BY_CUSTOMER,
    "staff": Trigger.CANCEL_BY_STAFF,
}
_BEFORE_PAYMENT = {
    **_WISHES,
    "short_stock": Trigger.STOCK_SHORT,
    "reserve_deadline": Trigger.RESERVE_DEADLINE,
}


def recalled_order(told: OrderPlaced) -> Order:
    """The order as it was placed."""
    assert told.cart_id is not None  # every order comes from a cart
    order = Order(
        id=OrderId(told.order_id),
        number=told.number,
        version=1,
        cart_id=CartId(told.cart_id),
        customer_id=CustomerId(told.customer_id),
        guest=told.guest,
        channel=told.channel,
        locale=told.locale,
        currency=told.total.currency,
        livemode=told.livemode,
        test=told.test,
        status=Status.PLACED,
        payment_status=PaymentStatus.NOT_DUE,
        fulfilment_status=FulfilmentStatus.UNFULFILLED,
        missing=[],
        prices_include_tax=told.prices_include_tax,
        subtotal=told.subtotal.amount,
        discount=told.discount.amount,
        shipping=told.shipping.amount,
        tax=told.tax.amount,
        total=told.total.amount,
        discounts=told.discounts,
        shipping_lines=told.shipping_lines,
        captured=0,
        refund_due=0,
        refunded=0,
        refunds={},
        ship_to=told.ship_to,
        attribution=told.attribution,
        metadata_=told.metadata,
        forget_contact=False,
        placed_at=told.placed_at,
        reserve_by=told.reserve_by,
        pay_within=int(_PAY_WITHIN),
        lines=[_line(told, line, position) for position, line in enumerate(told.lines)],
    )
    order.events.add(
        OrderEvent(
            order_id=order.id, seq=1, type="placed", data=order.statuses(), at=told.placed_at
        )
    )
    return order


def _line(order: OrderPlaced, line: OrderedLine, position: int) -> OrderLine:
    tax = sum(tax.amount.amount for tax in line.tax_lines)
    return OrderLine(
        position=position,
        line_id=LineId(line.line_id),
        variant_id=VariantId(line.variant_id),
        product_id=line.product_id,
        product_version=line.product_version,
        sku=line.sku,
        title=line.title,
        variant_title=line.variant_title,
        options=line.options,
        image_url=line.image_url,
        tax_code=line.tax_code,
        weight_grams=line.weight_grams,
        requires_shipping=line.requires_shipping,
        currency=line.unit_price.currency,
        quantity=line.quantity,
        unit_price=line.unit_price.amount,
        discounts=line.discounts,
        discount=sum(cut.amount.amount for cut in line.discounts),
        tax_lines=line.tax_lines,
        tax=tax,
        added_tax=0 if order.prices_include_tax else tax,
        total=line.total.amount,
        cancelled=0,
        fulfilled=0,
        returned=0,
        refunded=0,
    )


def recall(order: Order, event: Event, *, at: datetime) -> None:
    """Let happen again what the order told of at a time; nothing is told anew."""
    match event:
        case PaymentDue():
            _happens(order, Signal(Trigger.STOCK_RESERVED), at)
            order.pay_by = event.pay_by
        case PaymentClosing():
            _happens(order, Signal(_WISHES[event.reason]), at)
        case OrderConfirmed():
            _happens(order, _confirming(order), event.confirmed_at)
        case OrderCancelled():
            for signal in _cancelling(order, event):
                _happens(order, signal, event.cancelled_at)
        case RefundDue():
            _ask_back(order, event, at)
        case OrderFulfilled():
            fulfil = Signal(
                Trigger.FULFIL, carrier=event.carrier, tracking_number=event.tracking_number
            )
            _happens(order, fulfil, event.fulfilled_at)
        case _:
            raise TypeError(f"{event.TYPE} is not a decision about an order")


def _happens(order: Order, signal: Signal, at: datetime) -> None:
    _ = decide(order, signal, now=at)  # what it tells of was told


def _confirming(order: Order) -> Signal:
    if order.stage is Stage.PLACED:
        return Signal(Trigger.STOCK_RESERVED)  # there was nothing to pay
    return Signal(Trigger.PAYMENT_CAPTURED, amount=order.money(order.total))


def _cancelling(order: Order, told: OrderCancelled) -> list[Signal]:
    match order.stage:
        case Stage.PLACED | Stage.CONFIRMED:
            return [Signal(_BEFORE_PAYMENT[told.reason], missing=told.missing)]
        case Stage.CLOSING_LATE if told.reason in _WISHES:
            # Somebody wanted out while it was closing, which was not told by itself.
            return [Signal(_WISHES[told.reason]), Signal(Trigger.PAYMENT_VOIDED)]
        case _:
            return [Signal(Trigger.PAYMENT_VOIDED)]


def _ask_back(order: Order, told: RefundDue, at: datetime) -> None:
    """An order that was closing had been captured after all."""
    if order.refund_due:
        return
    order.captured, order.refund_due = order.total, told.amount.amount
    order.payment_status = PaymentStatus.REFUNDING
    order.note("refund_due", now=at, amount=told.amount.amount)
