"""Openings: quantities that were there when the shop began to count."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from inventory.api.shapes import MAX_QUANTITY, Answer, Body, Reference, VariantBody, Writer, shown
from inventory.model.ids import DocumentId
from inventory.model.opening import OpeningRow, Skip
from inventory.usecases.open_stock import open_stock
from inventory.views.openings import opening_of
from wareflow_kit.web.deps import Tx
from wareflow_kit.web.idempotency import Once

router = APIRouter(prefix="/inventory/v1/openings", tags=["stock"])


class OpeningRowIn(VariantBody):
    """How many units of a variant there were."""

    quantity: int = Field(ge=-MAX_QUANTITY, le=MAX_QUANTITY)


class OpeningIn(Body):
    """A list of quantities; one that cannot be applied is skipped and does not stop the others."""

    model_config = shown(items=[{"sku": "TEE-M", "quantity": 12}], reference="products.csv")

    items: list[OpeningRowIn] = Field(min_length=1, max_length=1000)
    reference: Reference | None = Field(default=None)


class OpeningResult(Answer):
    """What became of a row, in the order of the request."""

    variant_id: UUID | None
    sku: str | None
    location_id: UUID | None
    quantity: int
    status: Literal["applied", "skipped"]
    reason: Skip | None


class OpeningOut(Answer):
    """A list that was handled."""

    id: UUID
    reference: str | None
    actor: str
    at: datetime
    results: list[OpeningResult]


@router.post("", status_code=201)
async def open_levels(body: OpeningIn, tx: Tx, once: Once, who: Writer) -> OpeningOut:
    """Set opening quantities of variants that have no movements yet; the answer has each row."""
    rows = [OpeningRow(row.which, row.quantity, row.place) for row in body.items]
    made = await once(tx, lambda: open_stock(tx, rows=rows, reference=body.reference, who=who))
    return OpeningOut.model_validate(await opening_of(tx.session, DocumentId(made)))
