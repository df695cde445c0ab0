"""Payments and their refunds, as they are read."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, any_, bindparam, select
from sqlalchemy import Uuid as UuidType
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from payments.model import Payment, Refund
from payments.model.payment import Status
from payments.model.refund import RefundStatus

_OF_ORDERS = select(Payment).where(
    Payment.order_id == any_(bindparam("orders", type_=ARRAY(UuidType())))
)


async def payments_of(engine: AsyncEngine, orders: list[UUID]) -> dict[UUID, Payment]:
    """Payments by order: one, or those of all who wait; in a session of its own, soon closed."""
    async with AsyncSession(engine, expire_on_commit=False) as session:
        found = await session.scalars(_OF_ORDERS, {"orders": orders})
        return {payment.order_id: payment for payment in found}


async def list_payments(
    session: AsyncSession, *, status: Status | None, before: UUID | None, limit: int
) -> Sequence[Payment]:
    """Payments, newest first, `limit + 1` of them."""
    query = select(Payment).order_by(Payment.id.desc()).limit(limit + 1)
    if status is not None:
        query = query.where(Payment.status == status)
    if before is not None:
        query = query.where(Payment.id < before)
    return (await session.scalars(query)).all()


async def list_refunds(
    session: AsyncSession,
    *,
    order_id: UUID | None,
    status: RefundStatus | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Refund]:
    """Refunds, by id from the highest down, `limit + 1` of them."""
    query = select(Refund).order_by(Refund.id.desc()).limit(limit + 1)
    if order_id is not None:
        query = query.where(Refund.order_id == order_id)
    if status is not None:
        query = query.where(Refund.status == status)
    if before is not None:
        query = query.where(Refund.id < before)
    return (await session.scalars(query)).all()
