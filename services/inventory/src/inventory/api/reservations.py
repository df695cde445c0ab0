"""Reservations: what is held for an order."""

from datetime import datetime
from typing import Self
from uuid import UUID

from fastapi import APIRouter, Request

from inventory.api.shapes import Answer, Reader
from inventory.model.hold import HoldState, UnknownOrder
from inventory.views.reservations import HeldOrder, held_orders
from wareflow_kit.waiting import Waiting
from wareflow_kit.web.prefer import PreferWait
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/inventory/v1/reservations", tags=["reservations"])


class ReservationLine(Answer):
    """Units of an order's line at one location."""

    line_id: UUID
    variant_id: UUID
    location_id: UUID | None
    quantity: int
    state: HoldState
    held_at: datetime
    ended_at: datetime | None


class ReservationOut(Answer):
    """How an order stands with inventory."""

    order_id: UUID
    state: HoldState
    placed_at: datetime | None
    decided_at: datetime
    ended_at: datetime | None
    lines: list[ReservationLine]

    @classmethod
    def of(cls, order: HeldOrder) -> Self:
        """As it is shown."""
        return cls(
            order_id=order.hold.order_id,
            state=HoldState(order.hold.state),
            placed_at=order.hold.placed_at,
            decided_at=order.hold.decided_at,
            ended_at=order.hold.ended_at,
            lines=[ReservationLine.model_validate(line) for line in order.lines],
        )


@router.get("/{order_id}", responses=refusals(UnknownOrder))
async def get_reservation(
    order_id: UUID, request: Request, wait: PreferWait, _who: Reader
) -> ReservationOut:
    """What is held for an order; with `Prefer: wait=` also for one that is not heard of yet."""
    found = (await held_orders(request.app.state.reading, [order_id])).get(order_id)
    if found is None:
        waiting: Waiting[HeldOrder] = request.app.state.waiting
        found = await waiting.until(order_id, lambda _: True, timeout=wait)
    if found is None:
        raise UnknownOrder(retry_after=1)
    return ReservationOut.of(found)
