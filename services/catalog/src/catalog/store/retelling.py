"""The queue of products to be told anew."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.listing import Retell


async def take_retellings(session: AsyncSession, *, most: int) -> list[UUID]:
    """Take the next products off the queue; it is the caller's transaction that tells them."""
    query = select(Retell.product_id).order_by(Retell.product_id).limit(most)
    ids = list(await session.scalars(query.with_for_update(skip_locked=True)))
    _ = await session.execute(delete(Retell).where(Retell.product_id.in_(ids)))
    return ids
