"""Create a location."""

from inventory.model.ids import LocationId
from inventory.model.location import Location, refuse_taken
from inventory.store import locations
from wareflow_events.transaction import Transaction
from wareflow_kit.audit import record
from wareflow_kit.auth import Principal


async def create_location(
    tx: Transaction, *, name: str, priority: int, country: str | None, who: Principal
) -> LocationId:
    """Make an active location; `LocationNameTaken`. It holds nothing yet, so nothing is told."""
    refuse_taken(name, await locations.all_for_change(tx.session))
    location = Location(
        id=LocationId(tx.new_id()),
        name=name,
        priority=priority,
        country=country,
        active=True,
        version=1,
        created_at=tx.now,
        updated_at=tx.now,
    )
    tx.session.add(location)
    await locations.write(tx.session)
    await record(
        tx,
        who=who,
        action="location.create",
        subject=f"location/{location.id}",
        before={},
        after=location.facts(),
    )
    return location.id
