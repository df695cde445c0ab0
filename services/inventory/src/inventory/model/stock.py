"""The stock of a variant over all locations: every rule about units is here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from inventory.model.ids import LocationId, OrderId, VariantId
from inventory.model.item import Item
from inventory.model.level import Shelf
from inventory.model.movement import Entry, Reason
from wareflow_events.schemas.inventory import Level, StockChanged
from wareflow_kit.refusals import Conflict, PreconditionFailed


class BelowZero(Conflict):
    """That many units are not on hand."""


class BelowReserved(Conflict):
    """Units on the shelf are held for orders; cancel those first, or count again."""


class StockMoved(PreconditionFailed):
    """The level is not what you expected; read it again."""


@dataclass(slots=True)
class VariantStock:
    """A variant's levels in memory, changed while its root row is locked.

    What changes `on_hand` returns the ledger's entries; `changed()` is the fact to publish.
    """

    item: Item
    shelves: list[Shelf]
    _loaded: object = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.shelves.sort(key=lambda shelf: (shelf.priority, shelf.location_id))
        self._loaded = self._state()

    @property
    def variant_id(self) -> VariantId:
        """The variant that this is the stock of."""
        return self.item.variant_id

    @property
    def available(self) -> int:
        """Units that can be promised now, backorders included; from active locations only."""
        return sum(shelf.room for shelf in self.shelves if shelf.active)

    @property
    def on_hand(self) -> int:
        """Units on all shelves, of closed locations too."""
        return sum(shelf.on_hand for shelf in self.shelves)

    @property
    def reserved(self) -> int:
        """Units held for orders on all shelves."""
        return sum(shelf.reserved for shelf in self.shelves)

    @property
    def is_changed(self) -> bool:
        """Whether the world would see a difference since it was loaded."""
        return self._state() != self._loaded

    def changed(self) -> StockChanged:
        """What to tell the world about the stock as it is now."""
        return StockChanged(
            variant_id=self.variant_id,
            sku=self.item.sku,
            tracked=self.item.tracked,
            available=self.available,
            on_hand=self.on_hand,
            reserved=self.reserved,
            levels=[
                Level(
                    location_id=shelf.location_id,
                    on_hand=shelf.on_hand,
                    reserved=shelf.reserved,
                    backorder_limit=shelf.backorder_limit,
                )
                for shelf in self.shelves
            ],
        )

    # --- promises -------------------------------------------------------------

    def hold(self, quantity: int) -> dict[LocationId | None, int] | None:
        """Promise units; how many from where, or None when not all of them can be promised.

        By priority of the locations, and what lies on a shelf anywhere before any backorder.
        A variant whose stock is not tracked is held nowhere. `ValueError` for less than one unit.
        """
        if quantity < 1:
            raise ValueError(f"{quantity} units cannot be held")
        if not self.item.tracked:
            return {None: quantity}
        if quantity > self.available:
            return None
        taken: dict[LocationId | None, int] = {}
        active = [shelf for shelf in self.shelves if shelf.active]
        for backorders in (False, True):
            for shelf in active:
                part = min(quantity, shelf.room if backorders else shelf.free)
                if part > 0:
                    shelf.reserved += part
                    quantity -= part
                    taken[shelf.location_id] = taken.get(shelf.location_id, 0) + part
        return taken

    def release(self, location_id: LocationId, quantity: int) -> None:
        """End a promise: the units can be sold again."""
        shelf = self.shelf(location_id)
        shelf.reserved -= quantity
        shelf.settle(self.item.backorder_limit)

    def ship(self, location_id: LocationId, quantity: int) -> list[Entry]:
        """Held units left the building.

        When fewer were on hand than left, the rest had come in without anybody saying so (goods
        for a backorder, mostly): the ledger says that they were found, then that they left.
        """
        shelf = self.shelf(location_id)
        shelf.reserved -= quantity
        found = max(0, quantity - shelf.on_hand)
        entries = [self._move(shelf, found, Reason.FOUND)] if found else []
        return [*entries, self._move(shelf, -quantity, Reason.SHIP)]

    # --- what staff does ------------------------------------------------------

    def add(self, shelf: Shelf, quantity: int, reason: Reason) -> Entry:
        """Units came in at a shelf of this variant."""
        return self._move(shelf, quantity, reason)

    def adjust(
        self, shelf: Shelf, delta: int, reason: Reason, *, in_the_way: Mapping[OrderId, int]
    ) -> Entry:
        """Correct what is on hand by `delta`.

        `BelowZero`, or `BelowReserved` when there is a `gap`; `in_the_way` says which orders'
        holds make it up, and is told to the caller.
        """
        if shelf.on_hand + delta < 0:
            raise BelowZero(
                f"{shelf.on_hand} units are on hand, {-delta} cannot go.", on_hand=shelf.on_hand
            )
        if gap := self.gap(shelf, delta):
            raise BelowReserved(
                f"{shelf.reserved} units are held for orders; {gap} of them would not be there.",
                short_by=gap,
                on_hand=shelf.on_hand,
                reserved=shelf.reserved,
                orders=[{"order_id": str(order), "held": n} for order, n in in_the_way.items()],
            )
        return self._move(shelf, delta, reason)

    def gap(self, shelf: Shelf, delta: int) -> int:
        """How many promised units would be without cover if `delta` came in (or went)."""
        return max(0, -(shelf.room + delta))

    # --- terms and places -----------------------------------------------------

    def follow(self, item: Item) -> None:
        """Take over what the catalogue says of the variant."""
        self.item = item
        for shelf in self.shelves:
            shelf.settle(item.backorder_limit)

    def shelf(self, location_id: LocationId) -> Shelf:
        """Its shelf at a location; `KeyError` when it never had one there."""
        for shelf in self.shelves:
            if shelf.location_id == location_id:
                return shelf
        raise KeyError(location_id)

    def shelf_at(self, place: Shelf) -> Shelf:
        """Its shelf at the location of `place`, which becomes an empty one when it had none."""
        try:
            return self.shelf(place.location_id)
        except KeyError:
            self.shelves.append(replace(place, backorder_limit=self.item.backorder_limit))
            self.shelves.sort(key=lambda shelf: (shelf.priority, shelf.location_id))
            return self.shelf(place.location_id)

    def set_active(self, location_id: LocationId, *, active: bool) -> None:
        """The location was opened or closed; what is held there stays held."""
        self.shelf(location_id).active = active

    def settle_in(self, home: Shelf) -> None:
        """Give a tracked variant that has no shelf at an active location one at `home`."""
        if self.item.tracked and not any(shelf.active for shelf in self.shelves):
            _ = self.shelf_at(home)

    def _move(self, shelf: Shelf, quantity: int, reason: Reason) -> Entry:
        shelf.on_hand += quantity
        shelf.settle(self.item.backorder_limit)
        return Entry(self.variant_id, shelf.location_id, quantity, shelf.on_hand, reason)

    def _state(self) -> object:
        levels = [(s.location_id, s.on_hand, s.reserved, s.backorder_limit) for s in self.shelves]
        item = self.item
        return (item.known, item.sku, item.tracked, self.available, levels)
