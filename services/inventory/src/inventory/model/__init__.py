"""The nouns of inventory, and the metadata of their tables."""

from inventory.model.base import Base
from inventory.model.hold import OrderHold, Reservation
from inventory.model.item import StockItem
from inventory.model.level import StockLevel
from inventory.model.location import Location
from inventory.model.movement import Movement
from inventory.model.opening import Opening

__all__ = [
    "Base",
    "Location",
    "Movement",
    "Opening",
    "OrderHold",
    "Reservation",
    "StockItem",
    "StockLevel",
]
