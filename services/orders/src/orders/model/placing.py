"""Placing an order: what a priced cart becomes, and what is told of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orders.model.cart import Buyer, Cart
from orders.model.contact import Contact, OrderContact, region_of
from orders.model.ids import LineId, OrderId
from orders.model.order import Order, OrderEvent
from orders.model.order_line import OrderLine
from orders.model.pricing import Quote, QuotedLine, QuotedShipping
from orders.model.states import FulfilmentStatus, PaymentStatus, Status
from wareflow_events.schemas.orders import (
    ContactPii,
    OrderContactGiven,
    OrderPlaced,
    ShippingLine,
)


@dataclass(frozen=True, slots=True)
class Placement:
    """Who places it, when, and how long stock and payment may take."""

    order_id: OrderId
    buyer: Buyer
    livemode: bool
    now: datetime
    reserve_within: timedelta
    pay_within: timedelta


@dataclass(frozen=True, slots=True)
class Placed:
    """A new order with everything that is stored and told of it."""

    order: Order
    lines: Sequence[OrderLine]
    contact: OrderContact
    event: OrderEvent

    def told(self) -> OrderPlaced:
        """The fact, once the order has its number."""
        order = self.order
        return OrderPlaced(
            order_id=order.id,
            number=order.number,
            cart_id=order.cart_id,
            customer_id=order.customer_id,
            guest=order.guest,
            channel=order.channel,
            locale=order.locale,
            livemode=order.livemode,
            test=order.test,
            lines=[line.told() for line in self.lines],
            shipping_lines=order.shipping_lines,
            discounts=order.discounts,
            prices_include_tax=order.prices_include_tax,
            subtotal=order.money(order.subtotal),
            discount=order.money(order.discount),
            shipping=order.money(order.shipping),
            tax=order.money(order.tax),
            total=order.money(order.total),
            ship_to=order.ship_to,
            attribution=order.attribution,
            metadata=order.metadata_,
            placed_at=order.placed_at,
            reserve_by=order.reserve_by,
        )

    def contact_given(self, contact: Contact) -> OrderContactGiven:
        """Whom to write to, for the restricted topic."""
        return OrderContactGiven(
            order_id=self.order.id,
            number=self.order.number,
            customer_id=self.order.customer_id,
            guest=self.order.guest,
            locale=self.order.locale,
            contact=ContactPii(
                email=contact.email,
                name=contact.name,
                phone=contact.phone,
                shipping_address=contact.shipping_address,
                billing_address=contact.billing_address,
            ),
        )


def place(
    cart: Cart, quoted: Quote, contact: Contact, *, line_ids: Sequence[LineId], terms: Placement
) -> Placed:
    """The order that a cart becomes at the quoted prices; lines have the ids given."""
    order = _order(cart, quoted, contact, terms)
    lines = enumerate(zip(quoted.lines, line_ids, strict=True))
    return Placed(
        order=order,
        lines=[
            _line(quoted, line, order_id=order.id, line_id=line_id, position=position)
            for position, (line, line_id) in lines
        ],
        contact=OrderContact(
            order_id=order.id,
            customer_id=order.customer_id,
            email=contact.email,
            shipping_address=contact.shipping_address,
            billing_address=contact.billing_address,
        ),
        event=OrderEvent(
            order_id=order.id, seq=1, type="placed", data=order.statuses(), at=order.placed_at
        ),
    )


def _order(cart: Cart, quoted: Quote, contact: Contact, terms: Placement) -> Order:
    address = contact.shipping_address or contact.billing_address
    return Order(
        id=terms.order_id,
        version=1,
        cart_id=cart.id,
        customer_id=terms.buyer.customer_id,
        guest=terms.buyer.guest,
        channel=cart.channel,
        locale=cart.locale,
        currency=quoted.total.currency,
        livemode=terms.livemode,
        test=cart.test,
        status=Status.PLACED,
        payment_status=PaymentStatus.NOT_DUE,
        fulfilment_status=FulfilmentStatus.UNFULFILLED,
        missing=[],
        prices_include_tax=quoted.prices_include_tax,
        subtotal=quoted.subtotal.amount,
        discount=quoted.discount.amount,
        shipping=quoted.shipping.amount,
        tax=quoted.tax.amount,
        total=quoted.total.amount,
        discounts=[],
        shipping_lines=[_delivery(quoted.shipping_line)] if quoted.shipping_line else [],
        captured=0,
        refund_due=0,
        refunded=0,
        refunds={},
        ship_to=region_of(address) if address else None,
        attribution=cart.attribution,
        metadata_=cart.metadata_,
        forget_contact=False,
        placed_at=terms.now,
        reserve_by=terms.now + terms.reserve_within,
        pay_within=int(terms.pay_within.total_seconds()),
    )


def _delivery(chosen: QuotedShipping) -> ShippingLine:
    return ShippingLine(
        title=chosen.option.title,
        code=chosen.option.code,
        price=chosen.option.price,
        tax_lines=chosen.tax_lines,
    )


def _line(
    quoted: Quote, line: QuotedLine, *, order_id: OrderId, line_id: LineId, position: int
) -> OrderLine:
    offer, price = line.offer, line.unit_price
    assert offer is not None
    assert price is not None  # `check` has refused lines with a problem
    tax = sum(tax.amount.amount for tax in line.tax_lines)
    return OrderLine(
        order_id=order_id,
        position=position,
        line_id=line_id,
        variant_id=offer.variant_id,
        product_id=offer.product_id,
        product_version=offer.product_version,
        sku=offer.sku,
        title=offer.title,
        variant_title=offer.variant_title,
        options=dict(offer.options),
        image_url=offer.image_url,
        tax_code=offer.tax_code,
        weight_grams=offer.weight_grams,
        requires_shipping=offer.requires_shipping,
        currency=price.currency,
        quantity=line.item.quantity,
        unit_price=price.amount,
        discounts=line.discounts,
        discount=sum(cut.amount.amount for cut in line.discounts),
        tax_lines=line.tax_lines,
        tax=tax,
        added_tax=0 if quoted.prices_include_tax else tax,
        total=line.total.amount,
        cancelled=0,
        fulfilled=0,
        returned=0,
        refunded=0,
    )
