"""Questions about locations."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inventory.model.ids import LocationId
from inventory.model.location import Location, UnknownLocation


async def all_locations(session: AsyncSession) -> Sequence[Location]:
    """All locations, in the order they are served from."""
    query = select(Location).order_by(Location.priority, Location.id)
    return (await session.scalars(query)).all()


async def location_of(session: AsyncSession, location_id: LocationId) -> Location:
    """A location; `UnknownLocation`."""
    found = await session.get(Location, location_id)
    if found is None:
        raise UnknownLocation(f"There is no location {location_id}.")
    return found
