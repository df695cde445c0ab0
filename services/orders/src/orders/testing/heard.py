"""Builders of what orders hears from other services."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from orders.testing.basics import A_DAY
from wareflow_events.schemas.catalog import (
    ChannelChanged,
    Price,
    ProductChanged,
    ProductRemoved,
    Variant,
)
from wareflow_events.schemas.crm import CustomerErased, CustomerMerged
from wareflow_events.schemas.inventory import (
    ShortLine,
    StockChanged,
    StockReleased,
    StockReserved,
    StockShipped,
    StockShort,
)
from wareflow_events.schemas.payments import (
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    PaymentVoided,
    RefundFailed,
)
from wareflow_events.schemas.shapes import Money


def a_channel(
    channel: str = "default",
    *,
    currency: str = "EUR",
    countries: Sequence[str] = ("DE", "AT"),
    prices_include_tax: bool = True,
    active: bool = True,
    version: int = 1,
) -> ChannelChanged:
    """A sales channel."""
    return ChannelChanged(
        channel=channel,
        name=channel.title(),
        currency=currency,
        locale="de-DE",
        countries=list(countries),
        prices_include_tax=prices_include_tax,
        time_zone="Europe/Berlin",
        active=active,
        version=version,
    )


def a_price(
    cents: int,
    *,
    channel: str = "default",
    currency: str = "EUR",
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> Price:
    """What a variant costs in a channel."""
    price = Money(amount=cents, currency=currency)
    return Price(channel=channel, price=price, valid_from=valid_from, valid_to=valid_to)


def a_variant(
    *prices: Price, variant_id: UUID | None = None, sku: str = "MUG-BLUE", **more: Any
) -> Variant:
    """A variant of 18.99 EUR, unless prices are given."""
    return Variant(
        variant_id=variant_id or uuid4(),
        position=1,
        sku=sku,
        title="Blue",
        options={"Colour": "Blue"},
        prices=list(prices or [a_price(1899)]),
        **more,
    )


def a_product(
    *variants: Variant, product_id: UUID | None = None, version: int = 1, **more: Any
) -> ProductChanged:
    """A product with these variants; one of its own when none are given."""
    fields: dict[str, Any] = {"status": "active", "slug": "mug", "title": "Mug", **more}
    return ProductChanged(
        product_id=product_id or uuid4(),
        version=version,
        variants=list(variants or [a_variant()]),
        updated_at=A_DAY,
        **fields,
    )


def removed(product: ProductChanged) -> ProductRemoved:
    """The product is taken out of the catalogue."""
    state = product.model_dump() | {"version": product.version + 1}
    return ProductRemoved.model_validate(state)


def stock_of(variant_id: UUID, available: int, *, tracked: bool = True) -> StockChanged:
    """So many units could be promised."""
    return StockChanged(
        variant_id=variant_id,
        sku="",
        tracked=tracked,
        available=available,
        on_hand=available,
        reserved=0,
        levels=[],
    )


def reserved(order_id: UUID) -> StockReserved:
    """Inventory holds all lines."""
    return StockReserved(order_id=order_id, lines=[])


def short(order_id: UUID, *, line_id: UUID | None = None, available: int = 0) -> StockShort:
    """Inventory does not have it all."""
    missing = ShortLine(
        line_id=line_id or uuid4(), variant_id=uuid4(), requested=1, available=available
    )
    return StockShort(order_id=order_id, missing=[missing])


def released(order_id: UUID) -> StockReleased:
    """Inventory let the hold go."""
    return StockReleased(order_id=order_id, lines=[])


def shipped(order_id: UUID) -> StockShipped:
    """The held units left."""
    return StockShipped(order_id=order_id, lines=[])


def captured(order_id: UUID, amount: Money) -> PaymentCaptured:
    """The money was taken."""
    return PaymentCaptured(
        order_id=order_id,
        payment_id=order_id,
        amount=amount,
        method="card",
        brand="visa",
        livemode=False,
        captured_at=A_DAY,
    )


def declined(order_id: UUID) -> PaymentFailed:
    """An attempt to pay was declined."""
    return PaymentFailed(
        order_id=order_id,
        payment_id=order_id,
        code="card_declined",
        decline_code="insufficient_funds",
        failed_at=A_DAY,
    )


def voided(order_id: UUID) -> PaymentVoided:
    """No money was taken, and none can be any more."""
    return PaymentVoided(order_id=order_id, payment_id=order_id, reason="closing")


def refunded(order_id: UUID, amount: Money, *, refund_id: UUID | None = None) -> PaymentRefunded:
    """Money went back, all at once."""
    return PaymentRefunded(
        order_id=order_id,
        payment_id=order_id,
        refund_id=refund_id or uuid4(),
        amount=amount,
        refunded=amount,
        refunded_at=A_DAY,
    )


def refund_failed(order_id: UUID, amount: Money, *, refund_id: UUID | None = None) -> RefundFailed:
    """The gateway refuses to give money back, or the customer's bank does."""
    return RefundFailed(
        order_id=order_id,
        payment_id=order_id,
        refund_id=refund_id or uuid4(),
        amount=amount,
        code="charge_disputed",
        message="This charge is disputed.",
    )


def erased(*customer_ids: UUID) -> CustomerErased:
    """A customer is to be forgotten under all these ids."""
    return CustomerErased(
        customer_id=customer_ids[0], customer_ids=list(customer_ids), erased_at=A_DAY
    )


def merged(customer_id: UUID, *guests: UUID) -> CustomerMerged:
    """Guests turned out to be a customer."""
    return CustomerMerged(customer_id=customer_id, merged_ids=list(guests), merged_at=A_DAY)
