"""Questions about openings."""

from sqlalchemy.ext.asyncio import AsyncSession

from inventory.model.ids import DocumentId
from inventory.model.opening import Opening


async def opening_of(session: AsyncSession, opening_id: DocumentId) -> Opening:
    """An opening that is known to exist."""
    return await session.get_one(Opening, opening_id)
