"""A level: a variant's units at one location, and what they allow to promise."""

from dataclasses import dataclass

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from inventory.model.base import Base
from inventory.model.ids import LocationId, VariantId


class StockLevel(Base):
    """Units of a variant at a location. No oversell is what these checks say."""

    __tablename__ = "stock_level"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
        CheckConstraint("backorder_limit >= 0", name="backorder_limit_not_negative"),
        CheckConstraint("reserved <= on_hand + backorder_limit", name="reserved_within_stock"),
        Index("stock_level_location_id_idx", "location_id"),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    variant_id: Mapped[VariantId] = mapped_column(primary_key=True)
    location_id: Mapped[LocationId] = mapped_column(ForeignKey("location.id"), primary_key=True)
    on_hand: Mapped[int]
    reserved: Mapped[int]
    backorder_limit: Mapped[int]
    """How far `reserved` may exceed `on_hand`; never less than it already does."""


@dataclass(slots=True)
class Shelf:
    """A level in memory, while its variant's root row is locked."""

    location_id: LocationId
    priority: int
    active: bool
    on_hand: int = 0
    reserved: int = 0
    backorder_limit: int = 0

    @property
    def free(self) -> int:
        """Units that lie here and are nobody's."""
        return max(0, self.on_hand - self.reserved)

    @property
    def room(self) -> int:
        """Units that can still be promised, backorders included; never negative."""
        return self.on_hand + self.backorder_limit - self.reserved

    def settle(self, limit: int) -> None:
        """Take `limit` as the backorder limit, as far as what is promised already allows.

        When the catalogue stops backorders, what was promised stays promised; each unit that is
        released or comes in lowers the limit, until none is left.
        """
        self.backorder_limit = max(limit, self.reserved - self.on_hand)
