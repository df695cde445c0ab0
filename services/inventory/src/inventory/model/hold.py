"""A hold: units that are kept for an order, from its placing to its end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from inventory.model.base import Base
from inventory.model.ids import LineId, LocationId, OrderId, VariantId
from inventory.model.stock import VariantStock
from wareflow_events.schemas.inventory import ReservedLine, ShortLine, StockReserved, StockShort
from wareflow_kit.refusals import Conflict, NotFound


class HoldState(StrEnum):
    """How an order stands with inventory. It ends by what `orders` says, never by a clock."""

    RESERVED = "reserved"
    SHORT = "short"
    """It was answered with a no; nothing is held."""
    RELEASED = "released"
    SHIPPED = "shipped"


class NothingHeld(Conflict):
    """Units cannot leave for an order that nothing is held for."""


class NothingWanted(Conflict):
    """An order without lines, or with a line of no units, cannot be answered with a yes."""


class UnknownOrder(NotFound):
    """No such order has been heard of, or not yet."""


class OrderHold(Base):
    """The answer to an order, once per order, and its end.

    `placed_at` is null when the end was heard and the beginning was not: whatever comes later of
    that order holds nothing any more.
    """

    __tablename__ = "order_hold"
    __table_args__ = (
        CheckConstraint(
            "state IN ('reserved', 'short', 'released', 'shipped')", name="state_is_known"
        ),
        CheckConstraint(
            "(state IN ('released', 'shipped')) = (ended_at IS NOT NULL)", name="says_when_it_ended"
        ),
    )

    order_id: Mapped[OrderId] = mapped_column(primary_key=True)
    state: Mapped[str]
    placed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Reservation(Base):
    """Units of an order's line at one location."""

    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint(
            "order_id",
            "line_id",
            "location_id",
            name="reservation_once_per_line",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("quantity > 0", name="holds_something"),
        CheckConstraint("state IN ('reserved', 'released', 'shipped')", name="state_is_known"),
        CheckConstraint("(state = 'reserved') = (ended_at IS NULL)", name="says_when_it_ended"),
        Index(
            "reservation_open_idx",
            "variant_id",
            "location_id",
            postgresql_where=text("state = 'reserved'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    order_id: Mapped[OrderId]
    line_id: Mapped[LineId]
    variant_id: Mapped[VariantId]
    location_id: Mapped[LocationId | None]
    """Null for a variant whose stock was not tracked then."""
    quantity: Mapped[int]
    state: Mapped[str]
    held_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A line of an order that was placed."""

    line_id: LineId
    variant_id: VariantId
    quantity: int


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """What inventory has to know of an order that was placed."""

    order_id: OrderId
    placed_at: datetime
    lines: Sequence[WantedLine]


def decide(
    order: PlacedOrder, stocks: Mapping[VariantId, VariantStock]
) -> StockReserved | StockShort:
    """Hold all lines of an order in `stocks`, or none; the answer to give."""
    if not order.lines or any(line.quantity < 1 for line in order.lines):
        raise NothingWanted
    held: list[ReservedLine] = []
    missing: list[ShortLine] = []
    for line in order.lines:
        stock = stocks[line.variant_id]
        taken = stock.hold(line.quantity)
        if taken is None:
            missing.append(_short(line, stock.available))
        else:
            held.extend(_held(line, location_id, part) for location_id, part in taken.items())
    if not missing:
        return StockReserved(order_id=order.order_id, lines=held)
    for (variant_id, location_id), quantity in units_of(held).items():
        stocks[variant_id].release(location_id, quantity)
    return StockShort(order_id=order.order_id, missing=missing)


def units_of(lines: Iterable[ReservedLine]) -> dict[tuple[VariantId, LocationId], int]:
    """How many units of what are held where; what is held nowhere is not in it."""
    units: dict[tuple[VariantId, LocationId], int] = {}
    for line in lines:
        if line.location_id is not None:
            shelf = (VariantId(line.variant_id), LocationId(line.location_id))
            units[shelf] = units.get(shelf, 0) + line.quantity
    return units


def _held(line: WantedLine, location_id: LocationId | None, quantity: int) -> ReservedLine:
    return ReservedLine(
        line_id=line.line_id,
        variant_id=line.variant_id,
        location_id=location_id,
        quantity=quantity,
    )


def _short(line: WantedLine, available: int) -> ShortLine:
    return ShortLine(
        line_id=line.line_id,
        variant_id=line.variant_id,
        requested=line.quantity,
        available=available,
    )
