"""What `orders` tells: carts, every decision about an order, and whom to write to."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from wareflow_events.event import Event, Kind, Shape, declare_topic
from wareflow_events.schemas.shapes import (
    AddressPii,
    Attribution,
    Discount,
    Metadata,
    Money,
    Region,
    TaxLine,
)

CART = declare_topic("wareflow.orders.cart", key="cart_id", kind=Kind.STATE)
ORDER = declare_topic("wareflow.orders.order", key="order_id", kind=Kind.FACT)
CONTACT = declare_topic("wareflow.orders.contact", key="order_id", kind=Kind.CONTACT)


class CartLine(Shape):
    """A line of a cart with the price it showed when the event was made."""

    line_id: UUID
    variant_id: UUID
    product_id: UUID | None
    sku: str
    title: str
    quantity: int
    unit_price: Money | None
    total: Money | None


class CartChanged(Event, type="wareflow.orders.cart.changed.v1"):
    """A cart was created, filled, emptied, merged or turned into an order; carries all of it."""

    cart_id: UUID
    version: int
    status: str
    """open, ordered, merged or expired."""
    channel: str
    customer_id: UUID | None = None
    order_id: UUID | None = None
    lines: list[CartLine]
    subtotal: Money
    total: Money
    attribution: Attribution
    test: bool = False
    created_at: datetime
    updated_at: datetime


class OrderedLine(Shape):
    """A line of an order: what was bought, as it was then, and what it came to."""

    line_id: UUID
    variant_id: UUID
    product_id: UUID
    product_version: int
    sku: str
    title: str
    variant_title: str = ""
    options: dict[str, str] = Field(default_factory=dict)
    image_url: str | None = None
    tax_code: str | None = None
    weight_grams: int = 0
    requires_shipping: bool = True
    quantity: int
    unit_price: Money
    discounts: list[Discount] = Field(default_factory=list[Discount])
    tax_lines: list[TaxLine] = Field(default_factory=list[TaxLine])
    total: Money
    """What the customer pays for the line: quantity x unit price, less discounts, with tax."""


class ShippingLine(Shape):
    """A way of delivery that was chosen, and its price."""

    title: str
    code: str
    price: Money
    discounts: list[Discount] = Field(default_factory=list[Discount])
    tax_lines: list[TaxLine] = Field(default_factory=list[TaxLine])


class OrderPlaced(Event, type="wareflow.orders.order.placed.v1"):
    """A customer committed to buy; stock is not yet promised and nothing is paid."""

    order_id: UUID
    number: str
    cart_id: UUID | None
    customer_id: UUID
    guest: bool
    """True when the customer has not signed in; `customer_id` was then minted for this order."""
    channel: str
    locale: str
    livemode: bool
    test: bool
    lines: list[OrderedLine]
    shipping_lines: list[ShippingLine] = Field(default_factory=list[ShippingLine])
    discounts: list[Discount] = Field(default_factory=list[Discount])
    prices_include_tax: bool
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    ship_to: Region | None
    attribution: Attribution
    metadata: Metadata = Field(default_factory=dict)
    placed_at: datetime
    reserve_by: datetime


class PaymentDue(Event, type="wareflow.orders.order.payment_due.v1"):
    """Stock is held for the order; `payments` may now take the money, until `pay_by`."""

    order_id: UUID
    number: str
    customer_id: UUID
    amount: Money
    livemode: bool
    test: bool
    pay_by: datetime


class PaymentClosing(Event, type="wareflow.orders.order.payment_closing.v1"):
    """The order is about to end while money may be on its way: void it, or say it was captured."""

    order_id: UUID
    reason: str
    """deadline, customer or staff."""


class OrderConfirmed(Event, type="wareflow.orders.order.confirmed.v1"):
    """The order is paid (or free) and its stock is held: the sale counts from here."""

    order_id: UUID
    number: str
    customer_id: UUID
    guest: bool
    channel: str
    livemode: bool
    test: bool
    lines: list[OrderedLine]
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    ship_to: Region | None
    attribution: Attribution
    cart_id: UUID | None
    placed_at: datetime
    confirmed_at: datetime


class ShortOrderLine(Shape):
    """A line that stock did not suffice for."""

    line_id: UUID
    variant_id: UUID
    requested: int
    available: int


class OrderCancelled(Event, type="wareflow.orders.order.cancelled.v1"):
    """The order ended without a sale, or the sale was undone; holds on stock end."""

    order_id: UUID
    number: str
    customer_id: UUID
    reason: str
    """short_stock, reserve_deadline, payment_deadline, customer, staff or payment_failed."""
    was_confirmed: bool
    missing: list[ShortOrderLine] = Field(default_factory=list[ShortOrderLine])
    cancelled_at: datetime


class RefundDue(Event, type="wareflow.orders.order.refund_due.v1"):
    """Money of this order has to go back; `payments` refunds it once per `refund_id`."""

    order_id: UUID
    refund_id: UUID
    amount: Money
    reason: str


class OrderFulfilled(Event, type="wareflow.orders.order.fulfilled.v1"):
    """Everything of the order was handed to the carrier; held units leave the stock."""

    order_id: UUID
    number: str
    customer_id: UUID
    tracking_number: str | None = None
    carrier: str | None = None
    fulfilled_at: datetime


class ContactPii(Shape):
    """Whom to write to about an order, and where it goes."""

    email: str
    name: str
    phone: str | None = None
    shipping_address: AddressPii | None = None
    billing_address: AddressPii | None = None


class OrderContactGiven(Event, type="wareflow.orders.contact.given.v1"):
    """A customer left their contact data with an order; for those who must write to them."""

    order_id: UUID
    number: str
    customer_id: UUID
    guest: bool
    locale: str
    contact: ContactPii
