"""`/payments/v1/ledger`: the books."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from payments.api.shapes import Shown
from payments.model import LedgerGroup
from payments.model.ledger import Account, GroupKind
from payments.views.ledger import balances, list_groups
from wareflow_events.schemas.shapes import Money
from wareflow_kit.web.deps import Read, requires
from wareflow_kit.web.paging import After, Limit, Page, decode_cursor, page

router = APIRouter(
    prefix="/payments/v1/ledger",
    tags=["ledger"],
    dependencies=[Depends(requires("payments:read"))],
)


class EntryShown(Shown):
    """One side of a movement; a debit is positive."""

    account: Account
    amount: Money


class GroupShown(Shown):
    """Entries that belong together; they sum to zero per currency."""

    group_id: UUID
    kind: GroupKind
    reference: str
    order_id: UUID
    livemode: bool
    occurred_at: datetime
    posted_at: datetime
    entries: list[EntryShown]


class BalanceShown(Shown):
    """What stands on an account; a debit is positive."""

    account: Account
    nature: str
    balance: Money


class BalancesShown(Shown):
    """Every account that has entries, per currency."""

    livemode: bool
    items: list[BalanceShown]


@router.get("/entries", summary="Ledger entries in their groups, newest first")
async def list_ledger_entries(
    session: Read,
    order_id: Annotated[UUID | None, Query(description="Of one order")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[GroupShown]:
    """Append-only: what is here never changes."""
    before = decode_cursor(after, UUID)[0] if after else None
    rows = await list_groups(session, order_id=order_id, before=before, limit=limit)
    return page(rows, limit=limit, render=_shown, key=lambda row: (row.id,))


@router.get("/balances", summary="Balances of all accounts")
async def get_balances(
    session: Read,
    livemode: Annotated[bool, Query(description="Real money, or test money")] = False,  # noqa: FBT002
) -> BalancesShown:
    """Test money and real money never add up."""
    found = await balances(session, livemode=livemode)
    return BalancesShown(
        livemode=livemode,
        items=[
            BalanceShown(
                account=each.account,
                nature=each.nature,
                balance=Money(amount=each.amount, currency=each.currency),
            )
            for each in found
        ],
    )


def _shown(group: LedgerGroup) -> GroupShown:
    return GroupShown(
        group_id=group.id,
        kind=group.kind,
        reference=group.reference,
        order_id=group.order_id,
        livemode=group.livemode,
        occurred_at=group.occurred_at,
        posted_at=group.posted_at,
        entries=[
            EntryShown(
                account=entry.account,
                amount=Money(amount=entry.amount, currency=entry.currency),
            )
            for entry in group.entries
        ],
    )
