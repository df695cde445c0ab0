"""Builders for tests of analytics, and of those who feed it."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from wareflow_events.schemas.orders import (
    CartChanged,
    CartLine,
    OrderConfirmed,
    OrderedLine,
    OrderPlaced,
)
from wareflow_events.schemas.shapes import Attribution, Money, Region


def eur(amount: int) -> Money:
    """Euro cents."""
    return Money(amount=amount, currency="EUR")


def an_activity(*, at: datetime, name: str = "view_item", **more: Any) -> dict[str, Any]:
    """An activity as a storefront sends it."""
    return {
        "event_id": str(uuid4()),
        "name": name,
        "visitor_id": "v-1",
        "occurred_at": at.isoformat(),
        "items": [{"item_id": "TEE-M"}],
        **more,
    }


def a_line(*, quantity: int = 2, price: int = 1500, product_id: UUID | None = None) -> OrderedLine:
    """A line of an order."""
    return OrderedLine(
        line_id=uuid4(),
        variant_id=uuid4(),
        product_id=product_id or uuid4(),
        product_version=1,
        sku="TEE-M",
        title="Tee",
        quantity=quantity,
        unit_price=eur(price),
        total=eur(quantity * price),
    )


def a_confirmed_order(
    *, at: datetime, country: str = "DE", visitor: str | None = "v-1", **more: Any
) -> OrderConfirmed:
    """A confirmed order of one line (2 x 15.00) with 5.00 shipping."""
    lines = more.pop("lines", None) or [a_line()]
    subtotal = sum(line.total.amount for line in lines)
    fields: dict[str, Any] = {
        "order_id": uuid4(),
        "number": "W-1",
        "customer_id": uuid4(),
        "guest": True,
        "channel": "default",
        "livemode": False,
        "test": False,
        "lines": lines,
        "subtotal": eur(subtotal),
        "discount": eur(0),
        "shipping": eur(500),
        "tax": eur(0),
        "total": eur(subtotal + 500),
        "ship_to": Region(country=country),
        "attribution": Attribution(visitor_id=visitor),
        "cart_id": uuid4(),
        "placed_at": at,
        "confirmed_at": at,
    }
    return OrderConfirmed(**(fields | more))


def placed(order: OrderConfirmed) -> OrderPlaced:
    """The placing of that order."""
    shared = order.model_dump(exclude={"confirmed_at"})
    return OrderPlaced(**shared, locale="en", prices_include_tax=True, reserve_by=order.placed_at)


def a_cart(order: OrderConfirmed, *, at: datetime) -> CartChanged:
    """The cart that the order came from."""
    line = order.lines[0]
    return CartChanged(
        cart_id=order.cart_id or uuid4(),
        version=1,
        status="open",
        channel=order.channel,
        lines=[
            CartLine(
                line_id=line.line_id,
                variant_id=line.variant_id,
                product_id=line.product_id,
                sku=line.sku,
                title=line.title,
                quantity=line.quantity,
                unit_price=line.unit_price,
                total=line.total,
            )
        ],
        subtotal=order.subtotal,
        total=order.total,
        attribution=order.attribution,
        created_at=at,
        updated_at=at,
    )
