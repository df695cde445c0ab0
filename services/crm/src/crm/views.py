"""Questions about customers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from crm.model.customer import Alias, Customer

_STANDS_FOR_ITSELF = ~exists().where(Alias.guest_id == Customer.customer_id)
"""Not a guest that was merged into an account."""


async def customer(session: AsyncSession, customer_id: UUID) -> Customer | None:
    """A customer, found by any of their ids."""
    owner = select(Alias.customer_id).where(Alias.guest_id == customer_id).scalar_subquery()
    found = await session.scalars(
        select(Customer).where(
            or_(Customer.customer_id == customer_id, Customer.customer_id == owner)
        )
    )
    rows = {row.customer_id: row for row in found}
    others = [row for row_id, row in rows.items() if row_id != customer_id]
    return others[0] if others else rows.get(customer_id)


async def customers(
    session: AsyncSession,
    *,
    kind: str | None,
    tag: str | None,
    after: tuple[datetime, UUID] | None,
    most: int,
) -> Sequence[Customer]:
    """Customers, the newest first; guests that were merged are their account."""
    query = select(Customer).where(_STANDS_FOR_ITSELF)
    if kind:
        query = query.where(Customer.kind == kind)
    if tag:
        query = query.where(Customer.tags.contains([tag]))
    if after:
        query = query.where(tuple_(Customer.created_at, Customer.customer_id) < after)
    ordered = query.order_by(Customer.created_at.desc(), Customer.customer_id.desc())
    return (await session.scalars(ordered.limit(most))).all()


async def search(session: AsyncSession, *, term: str, most: int) -> Sequence[Customer]:
    """Customers whose address or name begins with a term."""
    key = term.strip().lower()
    end = key + "\U0010ffff"
    query = (
        select(Customer)
        .where(
            or_(
                (Customer.email_key >= key) & (Customer.email_key < end),
                (Customer.name_key >= key) & (Customer.name_key < end),
            ),
            _STANDS_FOR_ITSELF,
        )
        .order_by(Customer.email_key, Customer.customer_id)
    )
    return (await session.scalars(query.limit(most))).all()
