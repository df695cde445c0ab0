"""Update a location: its name, its place in the order of serving, whether it is used at all."""

from collections.abc import Callable

from inventory.model.ids import LocationId
from inventory.model.location import Location, LocationChanges
from inventory.store import locations, stocks
from wareflow_events.transaction import Transaction
from wareflow_kit.audit import record
from wareflow_kit.auth import Principal


async def update_location(
    tx: Transaction,
    *,
    location_id: LocationId,
    seen: Callable[[LocationId, int], None],
    changes: LocationChanges,
    who: Principal,
) -> None:
    """Change a location, unless `seen(id, version)` refuses the version it has.

    Opening or closing it changes what can be promised of every variant that has a level there:
    each is told. `UnknownLocation`, `LocationNameTaken`, `LastActiveLocation`.
    """
    everything = await locations.all_for_change(tx.session)
    location = locations.place(everything, location_id)
    seen(location.id, location.version)
    before = location.facts()
    location.update(changes, others=[one for one in everything if one is not location], now=tx.now)
    if location.active != before["active"]:
        await _open_or_close(tx, location, home=locations.home(everything))
    await locations.write(tx.session)
    await record(
        tx,
        who=who,
        action="location.update",
        subject=f"location/{location_id}",
        before=before,
        after=location.facts(),
    )


async def _open_or_close(tx: Transaction, location: Location, *, home: Location) -> None:
    # The location is not flushed yet, so its shelves are read as they stood before.
    found = await stocks.lock(tx.session, await stocks.variants_at(tx.session, location.id))
    for stock in found.values():
        stock.set_active(location.id, active=location.active)
        stock.settle_in(locations.empty_shelf(home))
    changed = [stock for stock in found.values() if stock.is_changed]
    await stocks.save(tx.session, changed)
    for stock in changed:
        tx.publish(stock.changed())
