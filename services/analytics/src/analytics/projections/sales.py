"""Sales: an order counts from its confirmation; what went back counts on the day it did."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, RowMapping, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from analytics.model.base import Base
from analytics.model.span import Span
from wareflow_events.consumer import Heard
from wareflow_events.schemas.orders import OrderCancelled, OrderConfirmed
from wareflow_events.schemas.payments import PaymentRefunded
from wareflow_events.transaction import Transaction


class Sale(Base):
    """A confirmed order, in minor units of its currency."""

    __tablename__ = "sale"
    __table_args__ = (Index("sale_by_time", "channel", "test", "confirmed_at"),)

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str]
    test: Mapped[bool]
    confirmed_at: Mapped[datetime]
    country: Mapped[str | None]
    currency: Mapped[str]
    gross: Mapped[int]
    """What the lines came to before discounts: quantity x unit price."""
    discount: Mapped[int]
    shipping: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    """What the customer paid."""
    units: Mapped[int]


class SaleLine(Base):
    """A line of a confirmed order."""

    __tablename__ = "sale_line"
    __table_args__ = (Index("sale_line_by_time", "channel", "test", "confirmed_at"),)

    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("sale.order_id"), index=True)
    channel: Mapped[str]
    test: Mapped[bool]
    confirmed_at: Mapped[datetime]
    product_id: Mapped[UUID]
    variant_id: Mapped[UUID]
    sku: Mapped[str]
    title: Mapped[str]
    quantity: Mapped[int]
    total: Mapped[int]


class Return(Base):
    """Money that went back. It may be heard of before its order is."""

    __tablename__ = "sale_return"
    __table_args__ = (Index("sale_return_by_order", "order_id"),)

    refund_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    refunded_at: Mapped[datetime] = mapped_column(index=True)
    amount: Mapped[int]


class Cancellation(Base):
    """A confirmed order that was cancelled afterwards."""

    __tablename__ = "sale_cancelled"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    cancelled_at: Mapped[datetime]
    reason: Mapped[str]


async def fold_confirmed(tx: Transaction, heard: list[Heard[OrderConfirmed]]) -> None:
    """Count sales."""
    orders = {one.event.order_id: one.event for one in reversed(heard)}
    made = await tx.session.scalars(
        insert(Sale).on_conflict_do_nothing().returning(Sale.order_id),
        [_sale(order) for order in orders.values()],
    )
    # A line that another sale has is a fault of whoever told it, and not to be left out in silence.
    lines = [line for order_id in made for line in _lines(orders[order_id])]
    if lines:
        _ = await tx.session.execute(insert(SaleLine), lines)


def _sale(order: OrderConfirmed) -> dict[str, object]:
    return {
        "order_id": order.order_id,
        "channel": order.channel,
        "test": order.test,
        "confirmed_at": order.confirmed_at,
        "country": order.ship_to.country if order.ship_to else None,
        "currency": order.total.currency,
        "gross": order.subtotal.amount,
        "discount": order.discount.amount,
        "shipping": order.shipping.amount,
        "tax": order.tax.amount,
        "total": order.total.amount,
        "units": sum(line.quantity for line in order.lines),
    }


def _lines(order: OrderConfirmed) -> list[dict[str, object]]:
    return [
        {
            "line_id": line.line_id,
            "order_id": order.order_id,
            "channel": order.channel,
            "test": order.test,
            "confirmed_at": order.confirmed_at,
            "product_id": line.product_id,
            "variant_id": line.variant_id,
            "sku": line.sku,
            "title": line.title,
            "quantity": line.quantity,
            "total": line.total.amount,
        }
        for line in order.lines
    ]


async def fold_refunded(tx: Transaction, heard: list[Heard[PaymentRefunded]]) -> None:
    """Count what went back."""
    rows = [
        {
            "refund_id": one.event.refund_id,
            "order_id": one.event.order_id,
            "refunded_at": one.event.refunded_at,
            "amount": one.event.amount.amount,
        }
        for one in heard
    ]
    _ = await tx.session.execute(insert(Return).on_conflict_do_nothing(), rows)


async def fold_cancelled(tx: Transaction, heard: Heard[OrderCancelled]) -> None:
    """Remember that a sale was undone."""
    event = heard.event
    if event.was_confirmed:
        row = insert(Cancellation).values(
            order_id=event.order_id, cancelled_at=event.cancelled_at, reason=event.reason
        )
        _ = await tx.session.execute(row.on_conflict_do_nothing())


class SalesBy(StrEnum):
    """What sales are grouped by."""

    HOUR = "hour"
    DAY = "day"
    PRODUCT = "product"
    COUNTRY = "country"


_PERIOD = """
WITH sold AS (
    SELECT date_trunc(:unit, confirmed_at AT TIME ZONE :zone) AS at, currency, count(*) AS orders,
           sum(units) AS units, sum(gross) AS gross, sum(discount) AS discount,
           sum(shipping) AS shipping, sum(tax) AS tax, sum(total) AS total
    FROM sale WHERE channel = :channel AND test = :test
      AND confirmed_at >= :since AND confirmed_at < :until
    GROUP BY 1, 2
), back AS (
    SELECT date_trunc(:unit, r.refunded_at AT TIME ZONE :zone) AS at, s.currency,
           sum(r.amount) AS refunded
    FROM sale_return r JOIN sale s USING (order_id)
    WHERE s.channel = :channel AND s.test = :test
      AND r.refunded_at >= :since AND r.refunded_at < :until
    GROUP BY 1, 2
)
SELECT (coalesce(sold.at, back.at) AT TIME ZONE :zone) AS starts_at, currency,
       coalesce(orders, 0) AS orders, coalesce(units, 0)::bigint AS units,
       coalesce(gross, 0)::bigint AS gross, coalesce(discount, 0)::bigint AS discount,
       coalesce(shipping, 0)::bigint AS shipping, coalesce(tax, 0)::bigint AS tax,
       coalesce(total, 0)::bigint AS total, coalesce(refunded, 0)::bigint AS refunded
FROM sold FULL JOIN back USING (at, currency) ORDER BY 1, 2
"""
_COUNTRY = """
SELECT s.country, s.currency, count(*) AS orders, sum(s.units)::bigint AS units,
       sum(s.gross)::bigint AS gross, sum(s.discount)::bigint AS discount,
       sum(s.shipping)::bigint AS shipping, sum(s.tax)::bigint AS tax,
       sum(s.total)::bigint AS total,
       coalesce(sum(r.refunded), 0)::bigint AS refunded
FROM sale s LEFT JOIN LATERAL (
    SELECT sum(amount) AS refunded FROM sale_return r WHERE r.order_id = s.order_id
) r ON true
WHERE s.channel = :channel AND s.test = :test
  AND s.confirmed_at >= :since AND s.confirmed_at < :until
GROUP BY 1, 2 ORDER BY total DESC, 1
"""
_PRODUCT = """
WITH sold AS (
    SELECT l.product_id, max(l.title) AS title, s.currency, count(DISTINCT l.order_id) AS orders,
           sum(l.quantity)::bigint AS units, sum(l.total)::bigint AS total
    FROM sale_line l JOIN sale s USING (order_id)
    WHERE l.channel = :channel AND l.test = :test
      AND l.confirmed_at >= :since AND l.confirmed_at < :until
      AND s.channel = :channel AND s.test = :test
      AND s.confirmed_at >= :since AND s.confirmed_at < :until
    GROUP BY 1, 3
), seen AS (
    SELECT product_id, count(DISTINCT visitor_id) AS viewers FROM activity
    WHERE channel = :channel AND test = :test AND name = 'view_item'
      AND occurred_at >= :since AND occurred_at < :until AND product_id IS NOT NULL
    GROUP BY 1
)
SELECT sold.*, coalesce(seen.viewers, 0) AS viewers FROM sold LEFT JOIN seen USING (product_id)
ORDER BY total DESC, product_id LIMIT :most
"""


async def sales_by_period(
    session: AsyncSession, span: Span, *, unit: SalesBy
) -> Sequence[RowMapping]:
    """Sales per hour or day of the channel's time zone, refunds on the day they were made."""
    arguments = span.arguments(unit=unit.value, zone=span.time_zone)
    return (await session.execute(text(_PERIOD), arguments)).mappings().all()


async def sales_by_country(session: AsyncSession, span: Span) -> Sequence[RowMapping]:
    """Sales per country of delivery, with all refunds of those orders."""
    return (await session.execute(text(_COUNTRY), span.arguments())).mappings().all()


async def sales_by_product(session: AsyncSession, span: Span, *, most: int) -> Sequence[RowMapping]:
    """The products that sold for most, with their distinct viewers in the same time."""
    return (await session.execute(text(_PRODUCT), span.arguments(most=most))).mappings().all()
