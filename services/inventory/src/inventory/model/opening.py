"""An opening: a list of quantities that were there when the shop began to count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from inventory.model.base import Base
from inventory.model.ids import DocumentId, LocationId, Sku, VariantId
from inventory.model.location import Location


class Skip(StrEnum):
    """Why a row of an opening was left out."""

    HAS_MOVEMENTS = "has_movements"
    """The variant's stock has a history already; receive or count it instead."""
    NOTHING = "nothing_to_open"
    """The quantity is zero, which needs no movement."""
    NEGATIVE = "negative_quantity"
    REPEATED = "repeated"
    """An earlier row of the list has the same variant and location."""
    UNKNOWN_SKU = "unknown_sku"
    AMBIGUOUS_SKU = "ambiguous_sku"
    UNKNOWN_LOCATION = "unknown_location"
    INACTIVE_LOCATION = "inactive_location"


class Opening(Base):
    """A list that was handled, and what became of each row; a repeated request reads it here."""

    __tablename__ = "opening"

    id: Mapped[DocumentId] = mapped_column(primary_key=True)
    reference: Mapped[str | None]
    actor: Mapped[str]
    at: Mapped[datetime]
    results: Mapped[list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """How many units of a variant there were; at the first location unless one is named."""

    which: VariantId | Sku
    quantity: int
    location_id: LocationId | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A row that can be applied."""

    variant_id: VariantId
    place: Location
    quantity: int


Outcome = Opened | Skip


def sort_out(
    rows: Sequence[OpeningRow],
    *,
    variants: Mapping[Sku, Sequence[VariantId]],
    places: Mapping[LocationId | None, Location],
) -> list[Outcome]:
    """What each row means, as far as it can be said without looking at stock.

    `variants` carry each SKU; `places` has the first location under None.
    """
    outcomes: list[Outcome] = []
    seen: set[tuple[VariantId, LocationId]] = set()
    for row in rows:
        outcome = _meaning(row, variants, places)
        if isinstance(outcome, Opened):
            shelf = (outcome.variant_id, outcome.place.id)
            outcome = Skip.REPEATED if shelf in seen else outcome
            seen.add(shelf)
        outcomes.append(outcome)
    return outcomes


def _meaning(
    row: OpeningRow,
    variants: Mapping[Sku, Sequence[VariantId]],
    places: Mapping[LocationId | None, Location],
) -> Outcome:
    found = [row.which] if isinstance(row.which, UUID) else variants[row.which]
    if len(found) != 1:
        return Skip.AMBIGUOUS_SKU if found else Skip.UNKNOWN_SKU
    place = places.get(row.location_id)
    if place is None or not place.active:
        return Skip.INACTIVE_LOCATION if place else Skip.UNKNOWN_LOCATION
    if row.quantity <= 0:
        return Skip.NEGATIVE if row.quantity else Skip.NOTHING
    return Opened(found[0], place, row.quantity)


def result(row: OpeningRow, outcome: Outcome) -> dict[str, Any]:
    """What became of a row, as it is kept and shown."""
    by_id = isinstance(row.which, UUID)
    variant_id = outcome.variant_id if isinstance(outcome, Opened) else row.which if by_id else None
    return {
        "variant_id": str(variant_id) if variant_id else None,
        "sku": None if by_id else row.which,
        "location_id": str(row.location_id) if row.location_id else None,
        "quantity": row.quantity,
        "status": "applied" if isinstance(outcome, Opened) else "skipped",
        "reason": None if isinstance(outcome, Opened) else outcome,
    }
