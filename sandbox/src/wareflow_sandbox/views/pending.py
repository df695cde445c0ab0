"""How many webhooks of an event are still to be delivered."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from wareflow_sandbox.model.base import Rendered
from wareflow_sandbox.model.event import Event
from wareflow_sandbox.model.webhook import WebhookDelivery


async def with_pending_webhooks(session: AsyncSession, events: Sequence[Event]) -> list[Rendered]:
    """The events as they were sent, with the number of today."""
    query = (
        select(WebhookDelivery.event_id, func.count())
        .where(
            WebhookDelivery.event_id.in_([event.id for event in events]),
            WebhookDelivery.due_at.is_not(None),
        )
        .group_by(WebhookDelivery.event_id)
    )
    pending = {row[0]: row[1] for row in await session.execute(query)}
    return [{**event.rendered(), "pending_webhooks": pending.get(event.id, 0)} for event in events]
