"""Orders in requests and answers."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from orders.api.cart_shapes import ContactBody
from orders.api.shapes import Amount, Answer, Body, Email, Filled, Metadata, shown
from orders.model.contact import OrderContact
from orders.model.order import Order
from orders.model.order_line import OrderLine
from orders.model.states import FulfilmentStatus, PaymentStatus, Status
from wareflow_events.schemas.orders import ShippingLine, ShortOrderLine
from wareflow_events.schemas.shapes import AddressPii, Discount, Money, Region, TaxLine


class Checkout(ContactBody):
    """What a cart may already say, and the total that the shopper was shown."""

    expected_total: Amount = Field(examples=[{"amount": 4288, "currency": "EUR"}])


class Lookup(Body):
    """What a guest has in hand."""

    number: Filled = Field(examples=["W-100001"])
    email: Email


class Fulfilment(Body):
    """How it travels."""

    carrier: Filled | None = Field(default=None, examples=["DHL"])
    tracking_number: Filled | None = Field(default=None, examples=["00340434161094042557"])


class OrderPatch(Body):
    """What the staff may change of an order without deciding anything."""

    model_config = shown(metadata={"gift": "yes"})

    metadata: Metadata


class OrderLineOut(Answer):
    """What was bought, as it was then, and what became of it (in units)."""

    line_id: UUID
    variant_id: UUID
    product_id: UUID
    product_version: int
    sku: str
    title: str
    variant_title: str
    options: dict[str, str]
    image_url: str | None
    tax_code: str | None
    weight_grams: int
    requires_shipping: bool
    quantity: int
    unit_price: Money
    discounts: list[Discount]
    tax_lines: list[TaxLine]
    total: Money
    cancelled: int
    fulfilled: int
    returned: int
    refunded: int

    @classmethod
    def of(cls, line: OrderLine) -> Self:
        """As it is shown."""
        counters = ("cancelled", "fulfilled", "returned", "refunded")
        told: dict[str, Any] = dict(line.told())
        return cls(**told, **{name: getattr(line, name) for name in counters})


class ContactOut(Answer):
    """Whom it is for. The e-mail address is gone once the customer was erased."""

    email: str | None
    shipping_address: AddressPii | None
    billing_address: AddressPii | None


class OrderSummary(Answer):
    """An order in a list."""

    id: UUID
    number: str
    version: int
    status: Status
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus
    cancel_reason: str | None
    channel: str
    customer_id: UUID
    guest: bool
    livemode: bool
    test: bool
    total: Money
    placed_at: datetime
    confirmed_at: datetime | None
    cancelled_at: datetime | None
    fulfilled_at: datetime | None

    @classmethod
    def of(cls, order: Order) -> Self:
        """As it is shown."""
        return cls(**_fields(order, OrderSummary))


class OrderOut(OrderSummary):
    """An order, whole."""

    locale: str
    cart_id: UUID
    missing: list[ShortOrderLine] = Field(description="What stock did not suffice for")
    lines: list[OrderLineOut]
    shipping_lines: list[ShippingLine]
    discounts: list[Discount]
    prices_include_tax: bool
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    captured: Money
    refunded: Money
    ship_to: Region | None
    contact: ContactOut | None = Field(description="Null where it is not shown or was forgotten")
    metadata: dict[str, str]
    reserve_by: datetime
    pay_by: datetime | None
    carrier: str | None
    tracking_number: str | None

    @classmethod
    def whole(cls, order: Order, contact: OrderContact | None, **more: Any) -> Self:
        """As it is shown to those whom it concerns."""
        return cls(
            **_fields(order, OrderOut),
            **more,
            lines=[OrderLineOut.of(line) for line in order.lines],
            contact=ContactOut.model_validate(contact) if contact else None,
            metadata=order.metadata_,
        )


class PlacedOrder(OrderOut):
    """A new order, with the token that opens it here and at payments."""

    order_token: str = Field(description="A JWT for this order; send it as a bearer token")


class OrderEventOut(Answer):
    """Something that happened to an order."""

    seq: int
    type: str = Field(examples=["payment_due"])
    data: dict[str, Any]
    at: datetime


class OrderEventList(Answer):
    """What happened, in order; `seq` is dense."""

    items: list[OrderEventOut]


def _fields(order: Order, shape: type[OrderSummary]) -> dict[str, Any]:
    """What the answer and the order call by the same name; amounts with their currency."""
    own = set(Order.__table__.columns.keys()) - {"metadata"}
    found = {name: getattr(order, name) for name in shape.model_fields if name in own}
    amounts = {name for name in found if shape.model_fields[name].annotation is Money}
    return {**found, **{name: order.money(found[name]) for name in amounts}}
