"""The funnel: who viewed a product, filled a cart, checked out, and paid.

A visitor is the storefront's visitor id; a cart without one counts as a visitor of its own. The
closed count takes a step only of those who took all steps before it, not later than this one.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from analytics.model.base import Base
from analytics.model.span import Span
from wareflow_events.consumer import Heard
from wareflow_events.driver import fetch
from wareflow_events.schemas.orders import CartChanged, OrderConfirmed, OrderPlaced
from wareflow_events.schemas.shapes import Attribution
from wareflow_events.transaction import Transaction


class Step(StrEnum):
    """The steps that are known from the services' own events."""

    CART = "cart"
    CHECKOUT = "checkout"
    PAID = "paid"


class Touch(Base):
    """The first time in an hour that a visitor took a step."""

    __tablename__ = "funnel_touch"

    channel: Mapped[str] = mapped_column(primary_key=True)
    test: Mapped[bool] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    visitor: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


_Visit = tuple[str, bool, datetime, str, str]
"""The key of a touch."""

_TOUCH = """
INSERT INTO funnel_touch AS t (channel, test, hour, step, visitor, at)
SELECT * FROM unnest($1::text[], $2::bool[], $3::timestamptz[], $4::text[], $5::text[],
    $6::timestamptz[])
ON CONFLICT (channel, test, hour, step, visitor)
DO UPDATE SET at = excluded.at WHERE t.at > excluded.at
"""


async def fold_carts(tx: Transaction, heard: list[Heard[CartChanged]]) -> None:
    """Carts with something in them."""
    await _touch(
        tx,
        [
            _row(Step.CART, e.channel, e.attribution, e.cart_id, at=e.updated_at, test=e.test)
            for e in (one.event for one in heard)
            if e.lines
        ],
    )


async def fold_placed(tx: Transaction, heard: list[Heard[OrderPlaced]]) -> None:
    """Checkouts."""
    await _touch(
        tx,
        [
            _row(Step.CHECKOUT, e.channel, e.attribution, e.cart_id, at=e.placed_at, test=e.test)
            for e in (one.event for one in heard)
        ],
    )


async def fold_paid(tx: Transaction, heard: list[Heard[OrderConfirmed]]) -> None:
    """Orders that were paid."""
    await _touch(
        tx,
        [
            _row(Step.PAID, e.channel, e.attribution, e.cart_id, at=e.confirmed_at, test=e.test)
            for e in (one.event for one in heard)
        ],
    )


def _row(
    step: Step,
    channel: str,
    attribution: Attribution,
    cart_id: UUID | None,
    *,
    at: datetime,
    test: bool,
) -> tuple[_Visit, datetime]:
    hour = at.replace(minute=0, second=0, microsecond=0)
    visitor = attribution.visitor_id or f"cart:{cart_id}"
    return (channel, test, hour, step.value, visitor), at


async def _touch(tx: Transaction, rows: list[tuple[_Visit, datetime]]) -> None:
    """Keep the earliest of each visitor, hour and step."""
    if not rows:
        return
    earliest = dict(sorted(rows, key=lambda row: row[1], reverse=True))
    ordered = sorted(earliest)
    columns = map(list, zip(*ordered, strict=True))
    _ = await fetch(tx.session, _TOUCH, *columns, [earliest[visit] for visit in ordered])


_FUNNEL = """
WITH views AS (
    SELECT visitor_id AS visitor, min(occurred_at) AS at FROM activity
    WHERE channel = :channel AND test = :test AND name = 'view_item'
      AND occurred_at >= :since AND occurred_at < :until
    GROUP BY 1
), later AS (
    SELECT visitor, min(at) FILTER (WHERE step = 'cart') AS cart,
           min(at) FILTER (WHERE step = 'checkout') AS checkout,
           max(at) FILTER (WHERE step = 'paid') AS paid
    FROM funnel_touch
    WHERE channel = :channel AND test = :test
      AND hour >= date_trunc('hour', CAST(:since AS timestamptz)) AND hour < :until
      AND at >= :since AND at < :until
    GROUP BY 1
), journey AS (
    SELECT v.at AS view, l.cart, l.checkout, l.paid,
           l.cart >= v.at AS carted,
           l.cart >= v.at AND l.checkout >= l.cart AS checked_out,
           l.cart >= v.at AND l.checkout >= l.cart AND l.paid >= l.checkout AS bought
    FROM views v FULL JOIN later l USING (visitor)
)
SELECT count(view) AS view, count(cart) AS cart, count(checkout) AS checkout, count(paid) AS paid,
       count(view) AS view_closed,
       count(*) FILTER (WHERE carted) AS cart_closed,
       count(*) FILTER (WHERE checked_out) AS checkout_closed,
       count(*) FILTER (WHERE bought) AS paid_closed
FROM journey
"""


async def funnel(session: AsyncSession, span: Span) -> RowMapping:
    """Visitors per step: all of them (open), and those who came through every step (closed)."""
    return (await session.execute(text(_FUNNEL), span.arguments())).mappings().one()
