"""Builders of what inventory hears, for its own tests and for stories over several services."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from inventory.model.ids import LocationId, VariantId
from inventory.usecases.receive_stock import receive_stock
from wareflow_events.schemas.catalog import ProductChanged, ProductRemoved, Variant
from wareflow_events.schemas.orders import (
    OrderCancelled,
    OrderedLine,
    OrderFulfilled,
    OrderPlaced,
)
from wareflow_events.schemas.shapes import Attribution, Money
from wareflow_events.transaction import Transactions
from wareflow_kit.auth import Principal

A_DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When things in builders happen, unless said otherwise."""

STAFF = Principal(
    issuer="https://issuer.test",
    subject="ada",
    scopes=frozenset({"inventory:read", "inventory:write"}),
    kind="staff",
)


def a_variant(
    variant_id: UUID | None = None,
    *,
    sku: str = "MUG",
    title: str = "Blue",
    tracked: bool = True,
    backorder: bool = False,
) -> Variant:
    """A variant as the catalogue tells it."""
    return Variant(
        variant_id=variant_id or uuid4(),
        position=1,
        sku=sku,
        title=title,
        tracked=tracked,
        backorder=backorder,
    )


def a_product(
    *variants: Variant, product_id: UUID | None = None, version: int = 1, title: str = "Mug"
) -> ProductChanged:
    """A product with these variants; one of its own when none are given."""
    return ProductChanged(
        product_id=product_id or uuid4(),
        version=version,
        status="active",
        slug=title.lower(),
        title=title,
        variants=list(variants or [a_variant()]),
        updated_at=A_DAY,
    )


def removed(product: ProductChanged) -> ProductRemoved:
    """The product is taken out of the catalogue."""
    state = product.model_dump() | {"version": product.version + 1}
    return ProductRemoved.model_validate(state)


def an_order(
    lines: Mapping[VariantId, int], *, order_id: UUID | None = None, placed_at: datetime = A_DAY
) -> OrderPlaced:
    """An order of so many units of these variants, a line each."""
    nothing = Money(amount=0, currency="EUR")
    price = Money(amount=1000, currency="EUR")
    placed = [_line(variant_id, quantity, price) for variant_id, quantity in lines.items()]
    total = price * sum(lines.values())
    id = order_id or uuid4()  # noqa: A001
    return OrderPlaced(
        order_id=id,
        number=_number(id),
        cart_id=None,
        customer_id=uuid4(),
        guest=True,
        channel="default",
        locale="en",
        livemode=False,
        test=True,
        lines=placed,
        prices_include_tax=True,
        subtotal=total,
        discount=nothing,
        shipping=nothing,
        tax=nothing,
        total=total,
        ship_to=None,
        attribution=Attribution(),
        placed_at=placed_at,
        reserve_by=placed_at + timedelta(minutes=10),
    )


def _line(variant_id: VariantId, quantity: int, price: Money) -> OrderedLine:
    return OrderedLine(
        line_id=uuid4(),
        variant_id=variant_id,
        product_id=uuid4(),
        product_version=1,
        sku="MUG",
        title="Mug",
        quantity=quantity,
        unit_price=price,
        total=price * quantity,
    )


def cancelled(order: OrderPlaced, *, reason: str = "customer") -> OrderCancelled:
    """The order ended without a sale."""
    return OrderCancelled(
        order_id=order.order_id,
        number=order.number,
        customer_id=order.customer_id,
        reason=reason,
        was_confirmed=False,
        cancelled_at=order.placed_at + timedelta(minutes=30),
    )


def fulfilled(order: OrderPlaced) -> OrderFulfilled:
    """All of the order was handed to the carrier."""
    return OrderFulfilled(
        order_id=order.order_id,
        number=order.number,
        customer_id=order.customer_id,
        fulfilled_at=order.placed_at + timedelta(days=1),
    )


def _number(order_id: UUID) -> str:
    return f"W-{order_id.hex[:6]}"


async def on_the_shelf(
    transactions: Transactions,
    variant_id: VariantId,
    quantity: int,
    *,
    location_id: LocationId | None = None,
) -> None:
    """Receive units, through the real verb."""
    async with transactions.begin() as tx:
        _ = await receive_stock(
            tx, which=variant_id, location_id=location_id, quantity=quantity, who=STAFF
        )
