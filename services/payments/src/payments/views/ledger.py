"""The ledger, as staff reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from payments.model import LedgerAccount, LedgerEntry, LedgerGroup
from payments.model.ledger import Account


@dataclass(frozen=True, slots=True)
class Balance:
    """What stands on an account, in minor units; a debit is positive."""

    account: Account
    nature: str
    currency: str
    amount: int


async def list_groups(
    session: AsyncSession, *, order_id: UUID | None, before: UUID | None, limit: int
) -> Sequence[LedgerGroup]:
    """Groups with their entries, newest first, `limit + 1` of them."""
    query = (
        select(LedgerGroup)
        .options(selectinload(LedgerGroup.entries))
        .order_by(LedgerGroup.id.desc())
        .limit(limit + 1)
    )
    if order_id is not None:
        query = query.where(LedgerGroup.order_id == order_id)
    if before is not None:
        query = query.where(LedgerGroup.id < before)
    return (await session.scalars(query)).all()


async def balances(session: AsyncSession, *, livemode: bool) -> Sequence[Balance]:
    """Every account that has entries, per currency; from the index alone."""
    query = (
        select(
            LedgerEntry.account,
            LedgerAccount.nature,
            LedgerEntry.currency,
            func.sum(LedgerEntry.amount).label("amount"),
        )
        .join(LedgerAccount, LedgerAccount.code == LedgerEntry.account)
        .where(LedgerEntry.livemode == livemode)
        .group_by(LedgerEntry.account, LedgerAccount.nature, LedgerEntry.currency)
        .order_by(LedgerEntry.currency, LedgerEntry.account)
    )
    return [
        Balance(row.account, row.nature, row.currency, int(row.amount))
        for row in await session.execute(query)
    ]
