"""`/payments/v1/refunds`: what went back. Whether money goes back is decided by `orders`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from payments.api.shapes import Shown
from payments.model import Refund
from payments.model.refund import RefundStatus
from payments.views.payments import list_refunds
from wareflow_events.schemas.shapes import Money
from wareflow_kit.web.deps import Read, requires
from wareflow_kit.web.paging import After, Limit, Page, decode_cursor, page

router = APIRouter(
    prefix="/payments/v1/refunds",
    tags=["refunds"],
    dependencies=[Depends(requires("payments:read"))],
)


class RefundShown(Shown):
    """A refund."""

    refund_id: UUID
    order_id: UUID
    payment_id: UUID
    amount: Money
    reason: str
    status: RefundStatus
    gateway_id: str | None
    code: str | None
    message: str | None
    created_at: datetime
    updated_at: datetime


@router.get("", summary="Refunds, newest first")
async def list_all_refunds(
    session: Read,
    order_id: Annotated[UUID | None, Query(description="Of one order")] = None,
    status: Annotated[RefundStatus | None, Query(description="Only those that stand there")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[RefundShown]:
    """Of all orders, by key; `status=failed` is what somebody has to look at."""
    before = decode_cursor(after, UUID)[0] if after else None
    rows = await list_refunds(session, order_id=order_id, status=status, before=before, limit=limit)
    return page(rows, limit=limit, render=_shown, key=lambda row: (row.id,))


def _shown(refund: Refund) -> RefundShown:
    return RefundShown(
        refund_id=refund.id,
        order_id=refund.order_id,
        payment_id=refund.payment_id,
        amount=refund.money,
        reason=refund.reason,
        status=refund.status,
        gateway_id=refund.gateway_id,
        code=refund.code,
        message=refund.message,
        created_at=refund.created_at,
        updated_at=refund.updated_at,
    )
