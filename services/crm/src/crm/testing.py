"""Builders for tests of crm, and of those who feed it."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from wareflow_events.schemas.orders import (
    ContactPii,
    OrderConfirmed,
    OrderContactGiven,
    OrderedLine,
    OrderPlaced,
)
from wareflow_events.schemas.shapes import AddressPii, Attribution, Money


def eur(amount: int) -> Money:
    """Euro cents."""
    return Money(amount=amount, currency="EUR")


def a_placed_order(
    *, at: datetime, customer_id: UUID, total: int = 3000, **more: Any
) -> OrderPlaced:
    """An order of one line."""
    line = OrderedLine(
        line_id=uuid4(),
        variant_id=uuid4(),
        product_id=uuid4(),
        product_version=1,
        sku="TEE-M",
        title="Tee",
        quantity=1,
        unit_price=eur(total),
        total=eur(total),
    )
    fields: dict[str, Any] = {
        "order_id": uuid4(),
        "number": "W-1",
        "cart_id": uuid4(),
        "customer_id": customer_id,
        "guest": True,
        "channel": "default",
        "locale": "en",
        "livemode": False,
        "test": False,
        "lines": [line],
        "prices_include_tax": True,
        "subtotal": eur(total),
        "discount": eur(0),
        "shipping": eur(0),
        "tax": eur(0),
        "total": eur(total),
        "ship_to": None,
        "attribution": Attribution(),
        "placed_at": at,
        "reserve_by": at,
    }
    return OrderPlaced(**(fields | more))


def confirmed(order: OrderPlaced, *, at: datetime) -> OrderConfirmed:
    """The same order, confirmed."""
    shared = order.model_dump(include=set(OrderConfirmed.model_fields))
    return OrderConfirmed(**shared, confirmed_at=at)


def contact_of(order: OrderPlaced, *, email: str, name: str = "Ada Lovelace") -> OrderContactGiven:
    """What its customer left with it."""
    address = AddressPii(
        name=name, line1="1 Long Street", city="Berlin", postal_code="10115", country="DE"
    )
    return OrderContactGiven(
        order_id=order.order_id,
        number=order.number,
        customer_id=order.customer_id,
        guest=order.guest,
        locale=order.locale,
        contact=ContactPii(email=email, name=name, shipping_address=address),
    )
