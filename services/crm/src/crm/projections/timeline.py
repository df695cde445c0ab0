"""The timeline of a customer: what happened with them, in one list."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from crm.model.base import Base
from wareflow_events.consumer import Heard
from wareflow_events.driver import fetch
from wareflow_events.event import Event
from wareflow_events.transaction import Transaction


class TimelineEntry(Base):
    """One thing that happened; payments name only the order, which leads to the customer."""

    __tablename__ = "timeline_entry"
    __table_args__ = (
        Index("timeline_by_customer", "customer_id", "at", "event_id"),
        Index("timeline_by_order", "order_id", "at", "event_id"),
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    type: Mapped[str]
    customer_id: Mapped[UUID | None]
    order_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]]


_NOTE = """
INSERT INTO timeline_entry (event_id, at, type, customer_id, order_id, data)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""


async def note(tx: Transaction, heard: Heard[Any], *fields: str) -> None:
    """Note an event, with those of its fields that people want to see."""
    event: Event = heard.event
    whose = getattr(event, "customer_id", None), getattr(event, "order_id", None)
    data = event.model_dump_json(include=set(fields))
    _ = await fetch(tx.session, _NOTE, heard.id, heard.time, event.TYPE, *whose, data)


_TIMELINE = """
WITH ids AS (
    SELECT CAST(:id AS uuid) AS id
    UNION SELECT guest_id FROM customer_alias WHERE customer_id = :id
), mine AS (
    SELECT t.* FROM timeline_entry t JOIN ids ON t.customer_id = ids.id
    UNION
    SELECT t.* FROM customer_order o JOIN ids ON o.customer_id = ids.id
    JOIN timeline_entry t ON t.order_id = o.order_id AND t.customer_id IS NULL
)
SELECT event_id, at, type, order_id, data FROM mine
WHERE (at, event_id) < (CAST(:at AS timestamptz), CAST(:event_id AS uuid))
ORDER BY at DESC, event_id DESC LIMIT :most
"""
LATEST = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=(1 << 128) - 1))
"""Before which every entry lies."""


async def timeline(
    session: AsyncSession, customer_id: UUID, *, before: tuple[datetime, UUID], most: int
) -> Sequence[RowMapping]:
    """The newest entries before a place in the list, the newest first."""
    arguments = {"id": customer_id, "at": before[0], "event_id": before[1], "most": most}
    return (await session.execute(text(_TIMELINE), arguments)).mappings().all()
