"""A customer's orders: how many, and what they spent, net of what went back."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Index, RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from crm.model.base import Base
from wareflow_events.consumer import Heard
from wareflow_events.driver import fetch
from wareflow_events.schemas.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderFulfilled,
    OrderPlaced,
)
from wareflow_events.schemas.payments import PaymentRefunded
from wareflow_events.transaction import Transaction


class CustomerOrder(Base):
    """An order as crm has heard of it; a refund may be heard of first."""

    __tablename__ = "customer_order"
    __table_args__ = (Index("customer_order_by_customer", "customer_id", "placed_at"),)

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID | None]
    number: Mapped[str | None]
    currency: Mapped[str | None]
    total: Mapped[int | None]
    test: Mapped[bool | None]
    placed_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    fulfilled_at: Mapped[datetime | None]
    refunded: Mapped[int] = mapped_column(server_default=text("0"))
    """All refunds so far; the greatest that was told."""


async def _upsert(tx: Transaction, order_id: UUID, **columns: object) -> None:
    _ = await fetch(tx.session, _upserting(tuple(columns)), order_id, *columns.values())


@cache
def _upserting(columns: tuple[str, ...]) -> str:
    names = ", ".join(columns)
    places = ", ".join(f"${place}" for place in range(2, len(columns) + 2))
    told = ", ".join(f"{name} = excluded.{name}" for name in columns)
    return (
        f"INSERT INTO customer_order (order_id, {names}) VALUES ($1, {places})"  # noqa: S608
        f" ON CONFLICT (order_id) DO UPDATE SET {told}"
    )


async def fold_placed(tx: Transaction, event: OrderPlaced) -> None:
    """An order was placed."""
    await _upsert(
        tx,
        event.order_id,
        customer_id=event.customer_id,
        number=event.number,
        currency=event.total.currency,
        total=event.total.amount,
        test=event.test,
        placed_at=event.placed_at,
    )


async def fold_confirmed(tx: Transaction, event: OrderConfirmed) -> None:
    """The sale counts."""
    await _upsert(tx, event.order_id, confirmed_at=event.confirmed_at)


async def fold_cancelled(tx: Transaction, event: OrderCancelled) -> None:
    """The order ended without a sale, or the sale was undone."""
    await _upsert(tx, event.order_id, cancelled_at=event.cancelled_at)


async def fold_fulfilled(tx: Transaction, event: OrderFulfilled) -> None:
    """The order was shipped."""
    await _upsert(tx, event.order_id, fulfilled_at=event.fulfilled_at)


_REFUNDED = """
INSERT INTO customer_order AS o (order_id, refunded) VALUES ($1, $2)
ON CONFLICT (order_id) DO UPDATE SET refunded = greatest(o.refunded, excluded.refunded)
"""


async def fold_refunded(tx: Transaction, heard: Heard[PaymentRefunded]) -> None:
    """Money went back; the event says how much in all."""
    event = heard.event
    _ = await fetch(tx.session, _REFUNDED, event.order_id, event.refunded.amount)


_SPEND = """
SELECT coalesce(a.customer_id, o.customer_id) AS customer_id, o.currency,
       count(*) AS orders, sum(o.total - o.refunded)::bigint AS net,
       max(o.confirmed_at) AS last_at
FROM customer_order o LEFT JOIN customer_alias a ON a.guest_id = o.customer_id
WHERE o.customer_id IN (
        SELECT unnest(CAST(:ids AS uuid[]))
        UNION SELECT guest_id FROM customer_alias WHERE customer_id = ANY(:ids))
  AND o.confirmed_at IS NOT NULL AND o.cancelled_at IS NULL AND o.test = false
GROUP BY 1, 2
"""


async def spend(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[RowMapping]:
    """Per customer and currency: confirmed, uncancelled real orders, and net spend."""
    return (await session.execute(text(_SPEND), {"ids": list(ids)})).mappings().all()
