"""Movements: the ledger, a variant at a time."""

from uuid import UUID

from fastapi import APIRouter

from inventory.api.shapes import MovementOut, Reader
from inventory.model.ids import LocationId, VariantId
from inventory.views.movements import movements
from wareflow_kit.web.deps import Read
from wareflow_kit.web.paging import After, Limit, Page, decode_cursor, page

router = APIRouter(prefix="/inventory/v1/movements", tags=["stock"])


@router.get("")
async def list_movements(
    variant_id: UUID,
    session: Read,
    _who: Reader,
    location_id: UUID | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[MovementOut]:
    """Why there is what there is of a variant, the newest first."""
    found = await movements(
        session,
        variant_id=VariantId(variant_id),
        location_id=LocationId(location_id) if location_id else None,
        before=decode_cursor(after, int)[0] if after else None,
        limit=limit + 1,
    )
    return page(found, limit=limit, render=MovementOut.of, key=lambda movement: (movement.id,))
