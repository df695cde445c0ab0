"""The copy of stock: the last word on each variant, in one statement."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from wareflow_events.handlers import Heard
from wareflow_events.schemas.inventory import StockChanged

# What a product is listed by only turns when a variant is first heard of, sells out or comes back.
_KEEP = text(
    """
WITH told AS (
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:tracked AS bool[]), CAST(:available AS int8[]),
        CAST(:on_hand AS int8[]), CAST(:times AS timestamptz[]))
        AS t (variant_id, tracked, available, on_hand, changed_at)
), turned AS (
    SELECT t.variant_id FROM told t LEFT JOIN stock s USING (variant_id)
    WHERE s.variant_id IS NULL OR (s.available > 0) <> (t.available > 0)
), kept AS (
    INSERT INTO stock AS s (variant_id, tracked, available, on_hand, changed_at)
    SELECT * FROM told ORDER BY variant_id
    ON CONFLICT (variant_id) DO UPDATE SET tracked = excluded.tracked,
        available = excluded.available, on_hand = excluded.on_hand,
        changed_at = excluded.changed_at
)
SELECT DISTINCT v.product_id FROM variant v JOIN turned ON turned.variant_id = v.id
"""
)


async def keep_levels(session: AsyncSession, heard: Sequence[Heard[StockChanged]]) -> list[UUID]:
    """Write what was heard, each variant once; which products may be in or out of stock now."""
    rows = await session.scalars(
        _KEEP,
        {
            "ids": [one.event.variant_id for one in heard],
            "tracked": [one.event.tracked for one in heard],
            "available": [one.event.available for one in heard],
            "on_hand": [one.event.on_hand for one in heard],
            "times": [one.time for one in heard],
        },
    )
    return list(rows)
