"""Operations and webhooks, as staff reads them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from payments.model import Operation, WebhookEvent
from payments.model.operation import OperationStatus


async def list_operations(
    session: AsyncSession,
    *,
    order_id: UUID | None,
    status: OperationStatus | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Operation]:
    """Operations, newest first, `limit + 1` of them."""
    query = select(Operation).order_by(Operation.id.desc()).limit(limit + 1)
    if order_id is not None:
        query = query.where(Operation.order_id == order_id)
    if status is not None:
        query = query.where(Operation.status == status)
    if before is not None:
        query = query.where(Operation.id < before)
    return (await session.scalars(query)).all()


async def list_webhooks(
    session: AsyncSession,
    *,
    failing: bool,
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[WebhookEvent]:
    """Webhooks, newest first, `limit + 1` of them; `failing`: those that could not be applied."""
    key = (WebhookEvent.received_at, WebhookEvent.id)
    query = select(WebhookEvent).order_by(*(part.desc() for part in key)).limit(limit + 1)
    if failing:
        query = query.where(WebhookEvent.apply_at.is_not(None), WebhookEvent.error.is_not(None))
    if before is not None:
        query = query.where(tuple_(*key) < before)
    return (await session.scalars(query)).all()
