"""The movement ledger: lines are added, and nothing else."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from inventory.model.ids import VariantId
from inventory.model.movement import Cause, Entry
from wareflow_events.driver import fetch

_APPEND = """
INSERT INTO movement (variant_id, location_id, quantity, on_hand_after, reason, document_id,
    reference, actor, at)
SELECT variant_id, location_id, quantity, on_hand_after, reason, document_id, reference, actor, $9
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::uuid[], $7::text[],
    $8::text[]) WITH ORDINALITY
    AS m (variant_id, location_id, quantity, on_hand_after, reason, document_id, reference, actor,
        place)
ORDER BY place
"""

_WITH_HISTORY = """
SELECT id FROM unnest($1::uuid[]) AS v (id)
WHERE EXISTS (SELECT FROM movement m WHERE m.variant_id = v.id)
"""


async def append(
    session: AsyncSession, entries: Sequence[tuple[Cause, Entry]], *, at: datetime
) -> None:
    """Write entries in the order they happened; their variants' root rows are locked."""
    if not entries:
        return
    columns = (
        [entry.variant_id for _, entry in entries],
        [entry.location_id for _, entry in entries],
        [entry.quantity for _, entry in entries],
        [entry.on_hand_after for _, entry in entries],
        [entry.reason for _, entry in entries],
        [cause.document_id for cause, _ in entries],
        [cause.reference for cause, _ in entries],
        [cause.actor for cause, _ in entries],
    )
    _ = await fetch(session, _APPEND, *columns, at)


async def with_history(session: AsyncSession, variant_ids: Iterable[VariantId]) -> set[VariantId]:
    """Which of these variants have movements."""
    rows = await fetch(session, _WITH_HISTORY, list(variant_ids))
    return {row[0] for row in rows}
