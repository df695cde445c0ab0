"""What verbs load, and lock: payments first, in the order of their orders, then the rest."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, any_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from payments.model import Decline, Operation, Payment, Refund, WebhookEvent
from payments.model.operation import OperationKind
from payments.model.payment import Status
from wareflow_kit.tables import tables_of

V = TypeVar("V", UUID, str)


def _among(column: InstrumentedAttribute[Any], values: Collection[V]) -> ColumnElement[bool]:
    # One array instead of a parameter each: the statement stays the same, and prepared.
    return column == any_(literal(list(values), ARRAY(column.type)))


def _among_those(column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    return column == any_(bindparam("those", type_=ARRAY(column.type)))


# What every payment needs is put together once, not with every use.
_PAYMENTS = (
    select(Payment)
    .where(_among_those(Payment.order_id))
    .order_by(Payment.order_id)
    .with_for_update()
)
_OPERATIONS = (
    select(Operation).where(_among_those(Operation.id)).order_by(Operation.id).with_for_update()
)
_DUE_OPERATIONS = (
    select(Operation)
    .where(Operation.next_attempt_at <= bindparam("now"))
    .order_by(Operation.next_attempt_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_WEBHOOKS = (
    select(WebhookEvent)
    .where(_among_those(WebhookEvent.id))
    .order_by(WebhookEvent.id)
    .with_for_update()
)
_DUE_WEBHOOKS = (
    select(WebhookEvent)
    .where(WebhookEvent.apply_at <= bindparam("now"))
    .order_by(WebhookEvent.apply_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_WEBHOOK = (
    "id",
    *("type", "livemode", "subject", "subject_id", "declined", "payload"),
    *("created_at", "received_at", "apply_at", "applied_at"),
)
(_WEBHOOK_EVENT,) = tables_of(WebhookEvent)
_STORE_WEBHOOK = (
    insert(_WEBHOOK_EVENT)
    .values({name: bindparam(name) for name in _WEBHOOK})
    .on_conflict_do_nothing()
    .returning(_WEBHOOK_EVENT.c.id)
)


async def lock_payments(session: AsyncSession, orders: Collection[UUID]) -> dict[UUID, Payment]:
    """The payments of these orders, locked in a fixed order, by order."""
    if not orders:
        return {}
    found = await session.scalars(_PAYMENTS, {"those": list(orders)})
    return {payment.order_id: payment for payment in found}


async def lately_voided(session: AsyncSession) -> set[UUID]:
    """Orders whose payments were voided in the last day that is remembered, and have an intent."""
    newest = select(func.max(Payment.updated_at)).scalar_subquery()
    query = select(Payment.order_id).where(
        Payment.status == Status.VOIDED,
        Payment.intent_id.is_not(None),
        Payment.updated_at > newest - timedelta(days=1),
    )
    return set(await session.scalars(query))


async def our_intents(session: AsyncSession, intents: Collection[str]) -> set[str]:
    """Which of these intents belong to payments of ours."""
    query = select(Payment.intent_id).where(_among(Payment.intent_id, intents))
    return {intent for intent in await session.scalars(query) if intent is not None}


async def payments_to_look_up(
    session: AsyncSession, *, now: datetime, limit: int
) -> Sequence[Payment]:
    """Payments that no webhook was heard of for long enough; locked, the longest due first."""
    query = (
        select(Payment)
        .where(Payment.look_at <= now)
        .order_by(Payment.look_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def due_operations(
    session: AsyncSession, *, now: datetime, limit: int
) -> Sequence[Operation]:
    """Operations to be attempted now and under nobody's lease; locked, the longest due first."""
    return (await session.scalars(_DUE_OPERATIONS, {"now": now, "most": limit})).all()


async def lock_operations(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Operation]:
    """Operations by id, locked; after their payments."""
    found = await session.scalars(_OPERATIONS, {"those": list(ids)})
    return {operation.id: operation for operation in found}


async def lock_creations(session: AsyncSession, orders: Collection[UUID]) -> dict[UUID, Operation]:
    """The operations that make the intents of these orders, locked, by order."""
    if not orders:
        return {}
    query = select(Operation).where(
        _among(Operation.order_id, orders), Operation.kind == OperationKind.CREATE_INTENT
    )
    found = await session.scalars(query.order_by(Operation.order_id).with_for_update())
    return {operation.order_id: operation for operation in found}


async def cancellations(session: AsyncSession, orders: Collection[UUID]) -> set[tuple[UUID, str]]:
    """Order and cause of every cancellation that these orders' payments have."""
    query = select(Operation.order_id, Operation.cause).where(
        _among(Operation.order_id, orders), Operation.kind == OperationKind.CANCEL_INTENT
    )
    return {(row.order_id, row.cause) for row in await session.execute(query)}


async def refunds_by_id(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Refund]:
    """Refunds by id; who changes them holds the lock on their payment."""
    if not ids:
        return {}
    found = await session.scalars(select(Refund).where(_among(Refund.id, ids)))
    return {refund.id: refund for refund in found}


async def refunds_to_look_up(
    session: AsyncSession, *, now: datetime, limit: int
) -> Sequence[Refund]:
    """Refunds that no webhook was heard of for long enough; locked, the longest due first."""
    query = (
        select(Refund)
        .where(Refund.look_at <= now)
        .order_by(Refund.look_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def known_declines(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Which of these failed attempts were noted before."""
    return set(await session.scalars(select(Decline.id).where(_among(Decline.id, ids))))


async def due_webhooks(
    session: AsyncSession, *, now: datetime, limit: int
) -> Sequence[WebhookEvent]:
    """Webhooks to be applied now and under nobody's lease; locked, the longest due first."""
    return (await session.scalars(_DUE_WEBHOOKS, {"now": now, "most": limit})).all()


async def lock_webhooks(session: AsyncSession, ids: Collection[str]) -> Sequence[WebhookEvent]:
    """Webhooks by id, locked; after the payments."""
    return (await session.scalars(_WEBHOOKS, {"those": list(ids)})).all()


async def store_webhook(session: AsyncSession, row: Mapping[str, object]) -> bool:
    """Store what was received, by the names of its columns; False if it was stored before."""
    return await session.scalar(_STORE_WEBHOOK, row) is not None
