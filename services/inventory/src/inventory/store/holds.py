"""Holds of orders: which were decided, and writing decisions and ends, many at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from inventory.model.hold import HoldState, PlacedOrder
from inventory.model.ids import LocationId, OrderId, VariantId
from wareflow_events.driver import fetch
from wareflow_events.schemas.inventory import ReservedLine, StockReserved, StockShort

Answer = StockReserved | StockShort
Ended = Literal[HoldState.RELEASED, HoldState.SHIPPED]

_DECIDED = "SELECT order_id FROM order_hold WHERE order_id = ANY($1::uuid[])"

_SHIPPED = f"{_DECIDED} AND state = 'shipped'"

_ANSWER = """
INSERT INTO order_hold (order_id, state, placed_at, decided_at)
SELECT order_id, state, placed_at, $4
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS o (order_id, state, placed_at)
"""

_RESERVE = """
INSERT INTO reservation (order_id, line_id, variant_id, location_id, quantity, state, held_at)
SELECT r.*, 'reserved', $6
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[]) AS r
"""

# An order whose end comes first is remembered, so that its beginning holds nothing any more.
_RELEASE = """
INSERT INTO order_hold AS h (order_id, state, decided_at, ended_at)
SELECT order_id, 'released', $2, $2 FROM unnest($1::uuid[]) AS o (order_id)
ON CONFLICT (order_id) DO UPDATE SET state = 'released', ended_at = $2 WHERE h.state = 'reserved'
"""

_SHIP = """
UPDATE order_hold SET state = 'shipped', ended_at = $2
WHERE order_id = ANY($1::uuid[]) AND state = 'reserved' RETURNING order_id
"""

_END = """
UPDATE reservation SET state = $2, ended_at = $3
WHERE order_id = ANY($1::uuid[]) AND state = 'reserved'
RETURNING id, order_id, line_id, variant_id, location_id, quantity
"""

_NEWEST = """
SELECT r.order_id, sum(r.quantity)::bigint AS quantity
FROM reservation r JOIN order_hold h USING (order_id)
WHERE r.variant_id = $1 AND r.location_id = $2 AND r.state = 'reserved'
GROUP BY r.order_id, h.placed_at ORDER BY h.placed_at DESC, r.order_id DESC LIMIT 200
"""


async def decided(session: AsyncSession, order_ids: Sequence[OrderId]) -> set[OrderId]:
    """Which of these orders had their answer, or their end, already."""
    rows = await fetch(session, _DECIDED, list(order_ids))
    return {row[0] for row in rows}


async def shipped(session: AsyncSession, order_ids: Sequence[OrderId]) -> set[OrderId]:
    """Which of these orders have left."""
    rows = await fetch(session, _SHIPPED, list(order_ids))
    return {row[0] for row in rows}


async def answer(
    session: AsyncSession,
    orders: Sequence[PlacedOrder],
    answers: Sequence[Answer],
    *,
    now: datetime,
) -> None:
    """Write the answers to orders, and the units that are held from now on."""
    states = [
        HoldState.RESERVED if isinstance(given, StockReserved) else HoldState.SHORT
        for given in answers
    ]
    ids, placed = [order.order_id for order in orders], [order.placed_at for order in orders]
    _ = await fetch(session, _ANSWER, ids, states, placed, now)
    lines = [
        (given.order_id, line)
        for given in answers
        if isinstance(given, StockReserved)
        for line in given.lines
    ]
    if lines:
        columns = (
            [order_id for order_id, _ in lines],
            [line.line_id for _, line in lines],
            [line.variant_id for _, line in lines],
            [line.location_id for _, line in lines],
            [line.quantity for _, line in lines],
        )
        _ = await fetch(session, _RESERVE, *columns, now)


async def release(
    session: AsyncSession, order_ids: Sequence[OrderId], *, now: datetime
) -> Mapping[OrderId, list[ReservedLine]]:
    """End the holds of orders that were cancelled; what was held, for those that held anything."""
    _ = await fetch(session, _RELEASE, list(order_ids), now)
    return await _end(session, order_ids, HoldState.RELEASED, now)


async def ship(
    session: AsyncSession, order_ids: Sequence[OrderId], *, now: datetime
) -> Mapping[OrderId, list[ReservedLine]]:
    """End the holds of orders that left; orders that nothing was held for are not in the answer."""
    rows = await fetch(session, _SHIP, list(order_ids), now)
    left = {row[0] for row in rows}
    return await _end(session, [id for id in order_ids if id in left], HoldState.SHIPPED, now)  # noqa: A001


async def _end(
    session: AsyncSession, order_ids: Sequence[OrderId], state: Ended, now: datetime
) -> Mapping[OrderId, list[ReservedLine]]:
    rows = await fetch(session, _END, list(order_ids), state, now)
    found: dict[OrderId, list[ReservedLine]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        line = ReservedLine(
            line_id=row.line_id,
            variant_id=row.variant_id,
            location_id=row.location_id,
            quantity=row.quantity,
        )
        found.setdefault(row.order_id, []).append(line)
    return found


async def in_the_way(
    session: AsyncSession, variant_id: VariantId, location_id: LocationId, *, units: int
) -> dict[OrderId, int]:
    """The newest orders whose holds at a location make up `units`, and how many each holds."""
    found: dict[OrderId, int] = {}
    for row in await fetch(session, _NEWEST, variant_id, location_id):
        if sum(found.values()) >= units:
            break
        found[row.order_id] = row.quantity
    return found
