"""An order: its row alone decides. What may happen when is in `states`, how in `decisions`."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Sequence,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, WriteOnlyMapped, mapped_column, relationship

from orders.model.base import Base, Json
from orders.model.ids import CartId, CustomerId, OrderId
from orders.model.order_line import OrderLine
from orders.model.states import FulfilmentStatus, PaymentStatus, Stage, Status
from wareflow_events.schemas.orders import ShippingLine, ShortOrderLine
from wareflow_events.schemas.shapes import Attribution, Discount, Money, Region
from wareflow_kit.refusals import NotFound


class OrderNotFound(NotFound):
    """There is no such order, or it is not yours."""


class OrderEvent(Base):
    """What happened to an order, 1..n, as those who follow it read it; no personal data."""

    __tablename__ = "order_event"

    order_id: Mapped[OrderId] = mapped_column(
        ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str]
    data: Mapped[dict[str, object]]
    at: Mapped[datetime]


ORDER_NUMBER = Sequence("order_number", start=100_001, metadata=Base.metadata)
"""Numbers are unique and rise; a gap means nothing. Only invoices are numbered without gaps."""

_STATUSES = ", ".join(f"'{status}'" for status in Status)
_PAYMENT = ", ".join(f"'{status}'" for status in PaymentStatus)
_FULFILMENT = ", ".join(f"'{status}'" for status in FulfilmentStatus)


class Order(Base):
    """Amounts are in minor units of `currency`. (The table is `orders`: `order` is SQL's word.)"""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(f"status IN ({_STATUSES})", name="status_is_known"),
        CheckConstraint(f"payment_status IN ({_PAYMENT})", name="payment_status_is_known"),
        CheckConstraint(f"fulfilment_status IN ({_FULFILMENT})", name="fulfilment_is_known"),
        CheckConstraint(
            "subtotal >= 0 AND discount >= 0 AND shipping >= 0 AND tax >= 0",
            name="amounts_not_negative",
        ),
        CheckConstraint("discount <= subtotal + shipping", name="discount_within_price"),
        CheckConstraint(
            "total = subtotal - discount + shipping"
            " + CASE WHEN prices_include_tax THEN 0 ELSE tax END",
            name="total_adds_up",
        ),
        CheckConstraint("captured IN (0, total)", name="captured_whole_or_not"),
        CheckConstraint("refunded BETWEEN 0 AND captured", name="refunded_within_captured"),
        CheckConstraint("refund_due BETWEEN 0 AND captured", name="refund_due_within_captured"),
        CheckConstraint(
            "status <> 'confirmed' OR captured = total AND reserved_at IS NOT NULL",
            name="confirmed_is_held_and_paid",
        ),
        CheckConstraint(
            "status NOT IN ('awaiting_payment', 'closing') OR pay_by IS NOT NULL",
            name="payment_has_a_deadline",
        ),
        CheckConstraint(
            "status <> 'closing' OR closing_reason IS NOT NULL", name="closing_has_a_reason"
        ),
        CheckConstraint(
            "(status = 'cancelled') = (cancelled_at IS NOT NULL)"
            " AND (status = 'cancelled') = (cancel_reason IS NOT NULL)",
            name="cancelled_says_when_and_why",
        ),
        CheckConstraint(
            "status <> 'confirmed' OR confirmed_at IS NOT NULL", name="confirmed_says_when"
        ),
        CheckConstraint(
            "fulfilment_status <> 'fulfilled' OR status = 'confirmed'",
            name="only_confirmed_is_fulfilled",
        ),
        Index(
            "one_live_order_per_cart",
            "cart_id",
            unique=True,
            postgresql_where=text("status <> 'cancelled'"),
        ),
        Index("orders_number_key", "number", unique=True),
        Index("orders_customer_idx", "customer_id", "id"),
        Index("orders_status_idx", "status", "id"),
        Index("orders_payment_status_idx", "payment_status", "id"),
        Index("orders_reserve_by_idx", "reserve_by", postgresql_where=text("status = 'placed'")),
        Index("orders_pay_by_idx", "pay_by", postgresql_where=text("status = 'awaiting_payment'")),
    )

    id: Mapped[OrderId] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(
        Text, server_default=text("'W-' || nextval('order_number')")
    )
    version: Mapped[int]
    """How often something happened to it: the `seq` of its newest order event."""
    cart_id: Mapped[CartId]
    customer_id: Mapped[CustomerId]
    guest: Mapped[bool]
    channel: Mapped[str]
    locale: Mapped[str]
    currency: Mapped[str]
    livemode: Mapped[bool]
    test: Mapped[bool]

    status: Mapped[str]
    payment_status: Mapped[str]
    fulfilment_status: Mapped[str]
    closing_reason: Mapped[str | None]
    """deadline, customer or staff, once somebody or the clock wanted to end it."""
    cancel_reason: Mapped[str | None]
    missing: Mapped[list[ShortOrderLine]] = mapped_column(Json(list[ShortOrderLine]))
    """Why it was cancelled for short stock: which lines, how many there would have been."""

    prices_include_tax: Mapped[bool]
    subtotal: Mapped[int]
    discount: Mapped[int]
    shipping: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    discounts: Mapped[list[Discount]] = mapped_column(Json(list[Discount]))
    shipping_lines: Mapped[list[ShippingLine]] = mapped_column(Json(list[ShippingLine]))
    captured: Mapped[int]
    refund_due: Mapped[int]
    """What this service has asked payments to send back."""
    refunded: Mapped[int]
    refunds: Mapped[dict[str, int]]
    """What went back, by the id of the refund; `refunded` is their sum."""

    ship_to: Mapped[Region | None] = mapped_column(Json(Region))
    attribution: Mapped[Attribution] = mapped_column(Json(Attribution))
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata")
    forget_contact: Mapped[bool]
    """The customer was erased: the address goes when the order has ended."""

    placed_at: Mapped[datetime]
    reserve_by: Mapped[datetime]
    pay_within: Mapped[int]
    """Seconds to pay in, once stock is held."""
    pay_by: Mapped[datetime | None]
    reserved_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    fulfilled_at: Mapped[datetime | None]
    carrier: Mapped[str | None]
    tracking_number: Mapped[str | None]

    lines: Mapped[list[OrderLine]] = relationship(lazy="raise", order_by=OrderLine.position)
    events: WriteOnlyMapped[OrderEvent] = relationship(passive_deletes=True)

    @property
    def stage(self) -> Stage:
        """The column of the state table it is in."""
        if self.status == Status.CLOSING:
            return Stage.CLOSING_LATE if self.closing_reason == "deadline" else Stage.CLOSING_OUT
        if self.fulfilment_status == FulfilmentStatus.FULFILLED:
            return Stage.FULFILLED
        return Stage(self.status)

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is still to be shipped."""
        return self.stage in (Stage.FULFILLED, Stage.CANCELLED)

    @property
    def was_confirmed(self) -> bool:
        """Whether it was a sale, if only for a while."""
        return self.confirmed_at is not None

    def money(self, amount: int) -> Money:
        """Minor units in the order's currency."""
        return Money(amount=amount, currency=self.currency)

    def statuses(self) -> dict[str, object]:
        """The three of them, as those who follow the order read them."""
        return {
            "status": self.status,
            "payment_status": self.payment_status,
            "fulfilment_status": self.fulfilment_status,
        }

    def note(self, type: str, /, *, now: datetime, **data: object) -> None:  # noqa: A002
        """Write down what happened, for those who follow the order."""
        self.version += 1
        self.events.add(
            OrderEvent(
                seq=self.version,
                type=type,
                data={**self.statuses(), **data},
                at=now,
            )
        )
