"""Questions about holds: what is kept for an order."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from inventory.model.hold import OrderHold, Reservation


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """How an order stands, and its lines."""

    hold: OrderHold
    lines: list[Reservation]


async def held_orders(engine: AsyncEngine, order_ids: Sequence[UUID]) -> dict[UUID, HeldOrder]:
    """Those of the orders that were heard of; no connection is kept afterwards."""
    holds = select(OrderHold).where(OrderHold.order_id.in_(order_ids))
    lines = select(Reservation).where(Reservation.order_id.in_(order_ids)).order_by(Reservation.id)
    async with AsyncSession(engine, expire_on_commit=False) as session:
        found: dict[UUID, HeldOrder] = {
            hold.order_id: HeldOrder(hold, []) for hold in await session.scalars(holds)
        }
        for line in await session.scalars(lines) if found else ():
            if line.order_id in found:
                found[line.order_id].lines.append(line)
    return found
