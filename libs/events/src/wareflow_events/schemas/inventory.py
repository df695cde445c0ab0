"""What `inventory` tells: stock per variant, and its answers to orders."""

from uuid import UUID

from wareflow_events.event import Event, Kind, Shape, declare_topic

STOCK = declare_topic("wareflow.inventory.stock", key="variant_id", kind=Kind.STATE)
RESERVATION = declare_topic("wareflow.inventory.reservation", key="order_id", kind=Kind.FACT)


class Level(Shape):
    """Stock of a variant at one location, in units."""

    location_id: UUID
    on_hand: int
    reserved: int
    backorder_limit: int
    """How far `reserved` may exceed `on_hand`; 0 where backorders are not allowed."""


class StockChanged(Event, type="wareflow.inventory.stock.changed.v1"):
    """Stock of a variant moved, was counted, reserved or released; carries every level."""

    variant_id: UUID
    sku: str
    tracked: bool
    available: int
    """Units that can be promised now: the sum of on_hand + backorder_limit - reserved.
    Means nothing when the variant is not tracked."""
    on_hand: int
    reserved: int
    levels: list[Level]


class ReservedLine(Shape):
    """Units of an order's line held at one location."""

    line_id: UUID
    variant_id: UUID
    location_id: UUID | None
    """None for a variant whose stock is not tracked."""
    quantity: int


class ShortLine(Shape):
    """A line that could not be held, and how many units there would have been."""

    line_id: UUID
    variant_id: UUID
    requested: int
    available: int


class StockReserved(Event, type="wareflow.inventory.reservation.reserved.v1"):
    """All lines of an order are held for it, until it ships or is cancelled."""

    order_id: UUID
    lines: list[ReservedLine]


class StockShort(Event, type="wareflow.inventory.reservation.short.v1"):
    """Not all lines of an order could be held, so none is."""

    order_id: UUID
    missing: list[ShortLine]


class StockReleased(Event, type="wareflow.inventory.reservation.released.v1"):
    """An order's hold ended because the order was cancelled; its units can be sold again."""

    order_id: UUID
    lines: list[ReservedLine]


class StockShipped(Event, type="wareflow.inventory.reservation.shipped.v1"):
    """An order's held units left the building."""

    order_id: UUID
    lines: list[ReservedLine]
