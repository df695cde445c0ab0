"""Builders of carts and orders, without a database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from orders.model.cart import Buyer, Cart, Till
from orders.model.contact import Contact
from orders.model.decisions import Signal, decide
from orders.model.ids import CartId, CustomerId, LineId, OrderId, VariantId
from orders.model.order import Order
from orders.model.placing import Placement, place
from orders.model.shelf import Availability, Channel, Offer, Shelf
from orders.model.states import Stage, Trigger
from orders.settings import Terms
from orders.testing.basics import A_DAY, ADDRESS
from wareflow_events.schemas.shapes import AddressPii, Attribution, Money


def an_offer(
    cents: int | None = 1899, *, currency: str = "EUR", variant_id: UUID | None = None, **more: Any
) -> Offer:
    """A variant as a channel offers it."""
    fields: dict[str, Any] = {
        "active": True,
        "availability": Availability(tracked=True, available=10),
        **more,
    }
    return Offer(
        variant_id=VariantId(variant_id or uuid4()),
        product_id=uuid4(),
        product_version=1,
        sku="MUG-BLUE",
        title="Mug",
        variant_title="Blue",
        price=None if cents is None else Money(amount=cents, currency=currency),
        compare_at=None,
        **fields,
    )


def a_till(*offers: Offer, terms: Terms | None = None, now: datetime = A_DAY, **more: Any) -> Till:
    """What prices a cart in a channel with these offers; `more` are the channel's terms."""
    fields: dict[str, Any] = {
        "currency": "EUR",
        "countries": ("DE", "AT"),
        "prices_include_tax": True,
        **more,
    }
    channel = Channel(code="default", locale="de-DE", **fields)
    shelf = Shelf(channel, {offer.variant_id: offer for offer in offers})
    return Till(shelf, terms or Terms(), now, timedelta(days=30))


def a_cart(till: Till, quantities: Sequence[int] | None = None) -> Cart:
    """An open cart with one of each offer on the shelf, or as many as `quantities` say."""
    cart, _ = Cart.open(
        till,
        id=CartId(uuid4()),
        token_hash=b"",
        locale=None,
        customer_id=None,
        attribution=Attribution(visitor_id="v-1", utm_source="newsletter"),
        metadata={},
        test=False,
    )
    offers = list(till.shelf.offers)
    for variant_id, quantity in zip(offers, quantities or [1] * len(offers), strict=True):
        _ = cart.add(till, variant_id=variant_id, quantity=quantity, line_id=LineId(uuid4()))
    return cart


_WAYS: dict[Stage, tuple[Trigger, ...]] = {
    Stage.PLACED: (),
    Stage.AWAITING_PAYMENT: (Trigger.STOCK_RESERVED,),
    Stage.CLOSING_LATE: (Trigger.STOCK_RESERVED, Trigger.PAY_DEADLINE),
    Stage.CLOSING_OUT: (Trigger.STOCK_RESERVED, Trigger.CANCEL_BY_CUSTOMER),
    Stage.CONFIRMED: (Trigger.STOCK_RESERVED, Trigger.PAYMENT_CAPTURED),
    Stage.FULFILLED: (Trigger.STOCK_RESERVED, Trigger.PAYMENT_CAPTURED, Trigger.FULFIL),
    Stage.CANCELLED: (Trigger.STOCK_RESERVED, Trigger.PAY_DEADLINE, Trigger.PAYMENT_VOIDED),
}


def an_order(
    stage: Stage = Stage.PLACED, *, cents: Sequence[int] = (1899, 500), now: datetime = A_DAY
) -> Order:
    """An order with a line of each price, brought to a stage by what usually leads there."""
    till = a_till(*(an_offer(price) for price in cents), now=now)
    cart = a_cart(till)
    address = AddressPii(**ADDRESS)
    placed = place(
        cart,
        cart.quote(till.shelf, till.terms),
        Contact("grace@example.com", address, None),
        line_ids=[LineId(uuid4()) for _ in cents],
        terms=Placement(
            order_id=OrderId(uuid4()),
            buyer=Buyer(CustomerId(uuid4()), guest=True),
            livemode=False,
            now=now,
            reserve_within=timedelta(minutes=10),
            pay_within=timedelta(minutes=30),
        ),
    )
    order = placed.order
    order.number = "W-100001"
    order.lines = list(placed.lines)
    for trigger in _WAYS[stage]:
        _ = decide(order, Signal(trigger, amount=order.money(order.total)), now=now)
    return order
