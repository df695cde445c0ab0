"""Questions about the ledger: why there is what there is."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inventory.model.ids import DocumentId, LocationId, VariantId
from inventory.model.movement import Movement


async def movements(
    session: AsyncSession,
    *,
    variant_id: VariantId,
    location_id: LocationId | None = None,
    before: int | None = None,
    limit: int,
) -> Sequence[Movement]:
    """A variant's movements, the newest first, from the one that precedes `before` on."""
    query = select(Movement).where(Movement.variant_id == variant_id)
    if location_id is not None:
        query = query.where(Movement.location_id == location_id)
    if before is not None:
        query = query.where(Movement.id < before)
    return (await session.scalars(query.order_by(Movement.id.desc()).limit(limit))).all()


async def movement_of(session: AsyncSession, document_id: DocumentId) -> Movement:
    """The one movement of a receipt or an adjustment."""
    query = select(Movement).where(Movement.document_id == document_id)
    return (await session.scalars(query)).one()
