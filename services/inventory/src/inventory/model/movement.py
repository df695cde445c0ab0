"""A movement: a line of the ledger that explains every unit on hand."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inventory.model.base import Base
from inventory.model.ids import DocumentId, LocationId, VariantId


class Reason(StrEnum):
    """Why units came or went."""

    OPENING = "opening"
    """They were there when the shop began to count."""
    RECEIVE = "receive"
    RETURN = "return"
    COUNT = "count"
    """Somebody counted the shelf; a quantity of 0 says that it was right."""
    ADJUST = "adjust"
    DAMAGE = "damage"
    LOSS = "loss"
    FOUND = "found"
    """More were there than the ledger knew."""
    SHIP = "ship"


_REASONS = ", ".join(f"'{reason}'" for reason in Reason)


class Movement(Base):
    """A change of a level's `on_hand`. Rows are only ever added: a trigger, made by the first
    migration, refuses the rest."""

    __tablename__ = "movement"
    __table_args__ = (
        UniqueConstraint(
            "document_id", "variant_id", "location_id", "reason", name="movement_once_per_document"
        ),
        CheckConstraint("quantity <> 0 OR reason = 'count'", name="moves_something"),
        CheckConstraint("on_hand_after >= 0", name="on_hand_after_not_negative"),
        CheckConstraint(f"reason IN ({_REASONS})", name="reason_is_known"),
        Index("movement_variant_id_id_idx", "variant_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    """Drawn under the variant's lock, so a variant's movements are in the order they happened."""
    variant_id: Mapped[VariantId]
    location_id: Mapped[LocationId]
    quantity: Mapped[int]
    on_hand_after: Mapped[int]
    reason: Mapped[str]
    document_id: Mapped[DocumentId]
    reference: Mapped[str | None]
    """What people call the cause: a delivery note, an order's number."""
    actor: Mapped[str]
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement that has just been made in memory and is to be written."""

    variant_id: VariantId
    location_id: LocationId
    quantity: int
    on_hand_after: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Cause:
    """What caused movements, and who."""

    document_id: DocumentId
    actor: str
    reference: str | None = None
