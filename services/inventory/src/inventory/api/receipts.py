"""Receipts: units that came in."""

from fastapi import APIRouter
from pydantic import Field

from inventory.api.shapes import MAX_QUANTITY, MovementOut, Reference, VariantBody, Writer, shown
from inventory.model.ids import DocumentId
from inventory.model.item import AmbiguousSku, UnknownSku
from inventory.model.location import LocationInactive, UnknownLocation
from inventory.usecases.receive_stock import receive_stock
from inventory.views.movements import movement_of
from wareflow_kit.web.deps import Tx
from wareflow_kit.web.idempotency import Once
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/inventory/v1/receipts", tags=["stock"])


class ReceiptIn(VariantBody):
    """Units that came in."""

    model_config = shown(sku="TEE-M", quantity=20, reference="delivery note 4711")

    quantity: int = Field(ge=1, le=MAX_QUANTITY)
    reference: Reference | None = Field(default=None)


@router.post(
    "",
    status_code=201,
    responses=refusals(UnknownSku, AmbiguousSku, UnknownLocation, LocationInactive),
)
async def receive(body: ReceiptIn, tx: Tx, once: Once, who: Writer) -> MovementOut:
    """Receive units of a variant; the ledger's line is the receipt."""
    made = await once(
        tx,
        lambda: receive_stock(
            tx,
            which=body.which,
            location_id=body.place,
            quantity=body.quantity,
            reference=body.reference,
            who=who,
        ),
    )
    return MovementOut.of(await movement_of(tx.session, DocumentId(made)))
