"""Take back levels that a restored database has lost: a movement makes up for those it lost."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from inventory.model.ids import DocumentId, LocationId, VariantId
from inventory.model.level import Shelf
from inventory.model.location import Location
from inventory.model.movement import Cause, Entry, Reason
from inventory.store import ledger, locations, stocks
from wareflow_events.handlers import Heard
from wareflow_events.schemas.inventory import StockChanged
from wareflow_events.transaction import Transaction

_LAST = 1_000_000
"""The priority of a location of which only the id is known: all others come first."""


async def recall_stock(tx: Transaction, told: Sequence[Heard[StockChanged]]) -> None:
    """What is on hand becomes what was told last; what is reserved is what is held."""
    newest = {VariantId(one.event.variant_id): one for one in told}
    levels = [level for one in newest.values() for level in one.event.levels]
    places = await shelves(tx, (level.location_id for level in levels))
    found = await stocks.lock_or_open(tx.session, newest)
    entries: list[tuple[Cause, Entry]] = []
    for variant_id, one in newest.items():
        stock = found[variant_id]
        cause = Cause(DocumentId(one.id), "recovery", "as told before the restore")
        for level in one.event.levels:
            shelf = stock.shelf_at(places[LocationId(level.location_id)])
            if missing := level.on_hand - shelf.on_hand:
                entries.append((cause, stock.add(shelf, missing, Reason.ADJUST)))
    await stocks.save(tx.session, found.values())
    await ledger.append(tx.session, entries, at=tx.now)


async def shelves(tx: Transaction, wanted: Iterable[UUID]) -> dict[LocationId, Shelf]:
    """An empty shelf at each location; one that is not known any more is made anew."""
    known = {place.id: place for place in await locations.all_for_change(tx.session)}
    for location_id in sorted(LocationId(each) for each in set(wanted)):
        if location_id not in known:
            known[location_id] = _nameless(tx, location_id)
            tx.session.add(known[location_id])
    await tx.session.flush()
    return {place.id: locations.empty_shelf(place) for place in known.values()}


def _nameless(tx: Transaction, location_id: LocationId) -> Location:
    return Location(
        id=location_id,
        name=f"Restored {location_id}",
        priority=_LAST,
        country=None,
        active=True,
        version=1,
        created_at=tx.now,
        updated_at=tx.now,
    )
