"""`/payments/v1/operations`: every effect at the gateway, asked for, done or in doubt."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from payments.api.shapes import Shown
from payments.model import Operation
from payments.model.operation import OperationKind, OperationStatus
from payments.views.operations import list_operations
from wareflow_events.schemas.shapes import Money
from wareflow_kit.web.deps import Read, requires
from wareflow_kit.web.paging import After, Limit, Page, decode_cursor, page

router = APIRouter(
    prefix="/payments/v1/operations",
    tags=["operations"],
    dependencies=[Depends(requires("payments:read"))],
)


class OperationShown(Shown):
    """An effect at the gateway; its id is on the gateway's object, as `operation_id`."""

    operation_id: UUID
    order_id: UUID
    kind: OperationKind
    cause: str
    amount: Money
    status: OperationStatus
    attempts: int
    next_attempt_at: datetime | None
    first_sent_at: datetime | None
    result: str | None
    error_code: str | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


@router.get("", summary="Operations, newest first")
async def list_all_operations(
    session: Read,
    order_id: Annotated[UUID | None, Query(description="Of one order")] = None,
    status: Annotated[
        OperationStatus | None, Query(description="`unknown` is what the gateway left unclear")
    ] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[OperationShown]:
    """Of all orders, by key."""
    before = decode_cursor(after, UUID)[0] if after else None
    rows = await list_operations(
        session, order_id=order_id, status=status, before=before, limit=limit
    )
    return page(rows, limit=limit, render=_shown, key=lambda row: (row.id,))


def _shown(operation: Operation) -> OperationShown:
    return OperationShown(
        operation_id=operation.id,
        order_id=operation.order_id,
        kind=operation.kind,
        cause=operation.cause,
        amount=operation.money,
        status=operation.status,
        attempts=operation.attempts,
        next_attempt_at=operation.next_attempt_at,
        first_sent_at=operation.first_sent_at,
        result=operation.result,
        error_code=operation.error_code,
        error=operation.error,
        created_at=operation.created_at,
        finished_at=operation.finished_at,
    )
