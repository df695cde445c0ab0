"""Adjustments: what is on hand is not what the ledger said."""

from typing import Literal, Self

from fastapi import APIRouter
from pydantic import Field, model_validator

from inventory.api.shapes import MAX_QUANTITY, MovementOut, Reference, VariantBody, Writer, shown
from inventory.model.ids import DocumentId
from inventory.model.item import AmbiguousSku, UnknownSku
from inventory.model.location import UnknownLocation
from inventory.model.movement import Reason
from inventory.model.stock import BelowReserved, BelowZero, StockMoved
from inventory.usecases.adjust_stock import adjust_stock
from inventory.views.movements import movement_of
from wareflow_kit.web.deps import Tx
from wareflow_kit.web.idempotency import Once
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/inventory/v1/adjustments", tags=["stock"])

DeltaReason = Literal[Reason.ADJUST, Reason.DAMAGE, Reason.LOSS, Reason.FOUND, Reason.RETURN]


class AdjustmentIn(VariantBody):
    """By how much to change what is on hand, or how many were counted."""

    model_config = shown(sku="TEE-M", delta=-1, reason="damage")

    delta: int | None = Field(default=None, ge=-MAX_QUANTITY, le=MAX_QUANTITY)
    counted: int | None = Field(
        default=None, ge=0, le=MAX_QUANTITY, description="All units on the shelf, held ones too"
    )
    reason: DeltaReason | None = Field(
        default=None, description="Of a delta, `adjust` when left out; a count is its own reason"
    )
    reference: Reference | None = None
    expected_on_hand: int | None = Field(
        default=None,
        ge=0,
        lt=2**63,
        description="Refuse with 412 when something else is on hand by now",
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.delta is None) == (self.counted is None):
            raise ValueError("give either delta or counted")
        if self.delta == 0:
            raise ValueError("a delta of 0 changes nothing; send counted to confirm a level")
        if self.counted is not None and self.reason is not None:
            raise ValueError("a count is its own reason")
        return self

    @property
    def why(self) -> Reason:
        """The reason that the ledger keeps."""
        return Reason.COUNT if self.counted is not None else self.reason or Reason.ADJUST


@router.post(
    "",
    status_code=201,
    responses=refusals(
        UnknownSku, AmbiguousSku, UnknownLocation, BelowZero, BelowReserved, StockMoved
    ),
)
async def adjust(body: AdjustmentIn, tx: Tx, once: Once, who: Writer) -> MovementOut:
    """Adjust what is on hand. Below what is held for orders is a conflict that names the orders."""
    made = await once(
        tx,
        lambda: adjust_stock(
            tx,
            which=body.which,
            location_id=body.place,
            delta=body.delta or 0,
            counted=body.counted,
            reason=body.why,
            reference=body.reference,
            expected_on_hand=body.expected_on_hand,
            who=who,
        ),
    )
    return MovementOut.of(await movement_of(tx.session, DocumentId(made)))
