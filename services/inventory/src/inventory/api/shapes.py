"""What several requests and answers of inventory have in common."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from inventory.model.ids import LocationId, Sku, VariantId
from inventory.model.movement import Movement, Reason
from wareflow_kit.auth import Principal
from wareflow_kit.web.deps import requires

MAX_QUANTITY = 1_000_000_000

Reader = Annotated[Principal, Depends(requires("inventory:read"))]
Writer = Annotated[Principal, Depends(requires("inventory:write"))]

# PostgreSQL has no NUL in a text.
SkuText = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$", max_length=2)]
Reference = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class Body(BaseModel):
    """A request's body: a field that is not known is a mistake worth telling."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def shown(**example: JsonValue) -> ConfigDict:
    """The configuration of a body that the document shows by an example."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class Answer(BaseModel):
    """An answer, made from a row."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class VariantBody(Body):
    """A request about one variant, named by its id or by its SKU."""

    variant_id: UUID | None = None
    sku: SkuText | None = None
    location_id: UUID | None = Field(
        default=None, description="The active location of the first priority when left out"
    )

    @model_validator(mode="after")
    def _names_one_variant(self) -> Self:
        if (self.variant_id is None) == (self.sku is None):
            raise ValueError("name the variant by variant_id or by sku, and not by both")
        return self

    @property
    def which(self) -> VariantId | Sku:
        """The variant, by what it was named."""
        return VariantId(self.variant_id) if self.variant_id else Sku(self.sku or "")

    @property
    def place(self) -> LocationId | None:
        """The location, if one was named."""
        return LocationId(self.location_id) if self.location_id else None


class MovementOut(Answer):
    """A line of the ledger."""

    id: int
    document_id: UUID = Field(description="The receipt, adjustment, opening or order behind it")
    variant_id: UUID
    location_id: UUID
    quantity: int = Field(description="Units that came in; negative when they went")
    on_hand_after: int
    reason: Reason
    reference: str | None
    actor: str
    at: datetime

    @classmethod
    def of(cls, row: Movement) -> Self:
        """As it is shown."""
        return cls.model_validate(row)
