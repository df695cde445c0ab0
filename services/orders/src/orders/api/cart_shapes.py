"""Carts in requests and answers."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from orders.api.shapes import (
    Address,
    Answer,
    AttributionIn,
    Body,
    Email,
    Filled,
    Key,
    Locale,
    Metadata,
    shown,
)
from orders.model.cart import Details, PricedCart
from orders.model.ids import VariantId
from orders.model.pricing import LineProblem, QuotedLine
from orders.model.shelf import Availability
from wareflow_events.schemas.shapes import AddressPii, Attribution, Discount, Money, TaxLine

Quantity = Annotated[int, Field(ge=1, le=1_000_000)]


class NewCart(Body):
    """What opens a cart."""

    model_config = shown(
        channel="default", attribution={"visitor_id": "v-1", "utm_source": "newsletter"}
    )

    channel: Key = "default"
    locale: Locale | None = Field(default=None, description="The channel's when left out")
    attribution: AttributionIn = AttributionIn()
    metadata: Metadata = Field(default_factory=dict)
    test: bool = Field(default=False, description="A simulated sale, kept apart from real ones")


class NewLine(Body):
    """Units of a variant to put in."""

    model_config = shown(variant_id="01920000-0000-7000-8000-000000000001", quantity=2)

    variant_id: UUID
    quantity: Quantity = 1


class LineChange(Body):
    """How many of a line; 0 takes it out."""

    quantity: Annotated[int, Field(ge=0, le=1_000_000)]


class ContactBody(Body):
    """What a cart and a checkout can say of the buyer; what is left out stays as it is."""

    email: Email | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    shipping_method: Filled | None = Field(default=None, examples=["standard"])
    locale: Locale | None = None
    metadata: Metadata | None = None

    def details(self) -> Details:
        """Only what was given."""
        given = self.model_fields_set
        found = Details()
        if "email" in given:
            found["email"] = self.email
        if "shipping_address" in given:
            found["shipping_address"] = _pii(self.shipping_address)
        if "billing_address" in given:
            found["billing_address"] = _pii(self.billing_address)
        if "shipping_method" in given:
            found["shipping_method"] = self.shipping_method
        if self.locale is not None:
            found["locale"] = self.locale
        if self.metadata is not None:
            found["metadata_"] = self.metadata
        return found


class CartPatch(ContactBody):
    """Changes around the lines; null clears, what is left out stays."""

    model_config = shown(
        email="grace@example.com",
        shipping_address={
            "name": "Grace Hopper",
            "line1": "Hauptstr. 1",
            "city": "Berlin",
            "postal_code": "10115",
            "country": "DE",
        },
        shipping_method="standard",
    )

    attribution: AttributionIn | None = None

    def details(self) -> Details:
        """Only what was given."""
        found = super().details()
        if self.attribution is not None:
            found["attribution"] = self.attribution.kept()
        return found


def _pii(address: Address | None) -> AddressPii | None:
    return address.pii() if address else None


class AvailabilityOut(Answer):
    """What inventory last said. Not a promise: stock is held when the order is placed."""

    in_stock: bool = Field(description="Whether the line's quantity could be had")
    available: int | None = Field(description="Units; null when stock is not counted")

    @classmethod
    def of(cls, known: Availability | None, quantity: int) -> Self:
        """As it is shown for a line."""
        if known is None:
            return cls(in_stock=False, available=0)
        return cls(
            in_stock=known.covers(quantity), available=known.available if known.tracked else None
        )


class CartLineOut(Answer):
    """A line with its price of now; without one where there is a problem."""

    line_id: UUID
    variant_id: VariantId
    product_id: UUID | None
    sku: str
    title: str
    variant_title: str
    options: dict[str, str]
    image_url: str | None
    requires_shipping: bool
    quantity: int
    unit_price: Money | None
    compare_at: Money | None
    discounts: list[Discount]
    tax_lines: list[TaxLine]
    total: Money | None
    availability: AvailabilityOut
    problem: LineProblem | None = Field(description="Why it cannot be bought; null when it can")

    @classmethod
    def of(cls, line: QuotedLine) -> Self:
        """As it is shown."""
        offer = line.offer
        return cls(
            line_id=line.item.line_id,
            variant_id=line.item.variant_id,
            product_id=offer.product_id if offer else None,
            sku=offer.sku if offer else "",
            title=offer.title if offer else "",
            variant_title=offer.variant_title if offer else "",
            options=dict(offer.options) if offer else {},
            image_url=offer.image_url if offer else None,
            requires_shipping=offer.requires_shipping if offer else False,
            quantity=line.item.quantity,
            unit_price=line.unit_price,
            compare_at=offer.compare_at if offer and not line.problem else None,
            discounts=line.discounts,
            tax_lines=line.tax_lines,
            total=None if line.problem else line.total,
            availability=AvailabilityOut.of(
                offer.availability if offer else None, line.item.quantity
            ),
            problem=line.problem,
        )


class ShippingOptionOut(Answer):
    """A way of delivery and what it costs for this cart."""

    code: str
    title: str
    price: Money


class CartOut(Answer):
    """A cart at the prices of now."""

    id: UUID
    version: int
    status: str = Field(examples=["open"])
    channel: str
    locale: str
    customer_id: UUID | None
    guest: bool
    order_id: UUID | None
    merged_into: UUID | None
    lines: list[CartLineOut]
    shipping_methods: list[ShippingOptionOut]
    shipping_method: str | None = Field(description="The one that the totals count with")
    email: str | None
    shipping_address: AddressPii | None
    billing_address: AddressPii | None
    prices_include_tax: bool
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    attribution: Attribution
    metadata: dict[str, str]
    test: bool
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, priced: PricedCart) -> Self:
        """As it is shown."""
        return cls(**_fields(priced))


class OpenedCart(CartOut):
    """A new cart with its token, which is shown this once and kept nowhere."""

    token: str = Field(description="Send it as X-Cart-Token", min_length=43)

    @classmethod
    def with_token(cls, priced: PricedCart, token: str) -> Self:
        """As it is shown to whoever opened it."""
        return cls(**_fields(priced), token=token)


class CartList(Answer):
    """A customer's open carts, the one used last first."""

    items: list[CartOut]


def _fields(priced: PricedCart) -> dict[str, Any]:
    cart, quote = priced.cart, priced.quote
    chosen = quote.shipping_line
    shown = (
        *("id", "version", "status", "channel", "locale", "customer_id", "guest", "order_id"),
        *("merged_into", "email", "shipping_address", "billing_address", "attribution", "test"),
        *("created_at", "updated_at", "expires_at"),
    )
    totals = ("prices_include_tax", "subtotal", "discount", "shipping", "tax", "total")
    return {
        **{name: getattr(cart, name) for name in shown},
        **{name: getattr(quote, name) for name in totals},
        "metadata": cart.metadata_,
        "lines": [CartLineOut.of(line) for line in quote.lines],
        "shipping_methods": [ShippingOptionOut.model_validate(o) for o in quote.shipping_options],
        "shipping_method": chosen.option.code if chosen else None,
    }
