"""What verbs load, and lock: payments first, in the order of their orders, then the rest."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from payments.model import Decline, Operation, Payment, Refund, WebhookEvent
from payments.model.base import Base
from payments.model.operation import OperationKind
from payments.model.payment import Status
from wareflow_kit.tables import tables_of

M = TypeVar("M", bound=Base)


def _among(column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    # One array instead of a parameter each: the statement stays the same, and prepared.
    return column == any_(bindparam("those", type_=ARRAY(column.type)))


def _locked(mapped: type[M], by: InstrumentedAttribute[Any]) -> Select[M]:
    return select(mapped).where(_among(by)).order_by(by).with_for_update()


def _due(mapped: type[M], at: InstrumentedAttribute[Any]) -> Select[M]:
    """Those whose time has come, the longest due first; those that somebody else has left out."""
    return (
        select(mapped)
        .where(at <= bindparam("now"))
        .order_by(at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )


# What every payment needs is put together once, not with every use.
_PAYMENTS = _locked(Payment, Payment.order_id)
_OPERATIONS = _locked(Operation, Operation.id)
_WEBHOOKS = _locked(WebhookEvent, WebhookEvent.id)
_DUE_OPERATIONS = _due(Operation, Operation.next_attempt_at)
_DUE_WEBHOOKS = _due(WebhookEvent, WebhookEvent.apply_at)
(_WEBHOOK_EVENT,) = tables_of(WebhookEvent)
_STORE_WEBHOOK = insert(_WEBHOOK_EVENT).on_conflict_do_nothing().returning(_WEBHOOK_EVENT.c.id)


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
    query = select(Payment.intent_id).where(_among(Payment.intent_id))
    found = await session.scalars(query, {"those": list(intents)})
    return {intent for intent in found if intent is not None}


async def payments_to_look_up(
    session: AsyncSession, *, now: datetime, limit: int
) -> Sequence[Payment]:
    """Payments that no webhook was heard of for long enough; locked, the longest due first."""
    return (
        await session.scalars(_due(Payment, Payment.look_at), {"now": now, "most": limit})
    ).all()


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
        _among(Operation.order_id), Operation.kind == OperationKind.CREATE_INTENT
    )
    found = await session.scalars(
        query.order_by(Operation.order_id).with_for_update(), {"those": list(orders)}
    )
    return {operation.order_id: operation for operation in found}


async def cancellations(session: AsyncSession, orders: Collection[UUID]) -> set[tuple[UUID, str]]:
    """Order and cause of every cancellation that these orders' payments have."""
    query = select(Operation.order_id, Operation.cause).where(
        _among(Operation.order_id), Operation.kind == OperationKind.CANCEL_INTENT
    )
    return {
        (row.order_id, row.cause) for row in await session.execute(query, {"those": list(orders)})
    }


async def refunds_by_id(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Refund]:
    """Refunds by id; who changes them holds the lock on their payment."""
    if not ids:
        return {}
    found = await session.scalars(select(Refund).where(_among(Refund.id)), {"those": list(ids)})
    return {refund.id: refund for refund in found}


async def refunds_to_look_up(
    session: AsyncSession, *, now: datetime, limit: int
) -> Sequence[Refund]:
    """Refunds that no webhook was heard of for long enough; locked, the longest due first."""
    return (await session.scalars(_due(Refund, Refund.look_at), {"now": now, "most": limit})).all()


async def known_declines(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Which of these failed attempts were noted before."""
    query = select(Decline.id).where(_among(Decline.id))
    return set(await session.scalars(query, {"those": list(ids)}))


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
