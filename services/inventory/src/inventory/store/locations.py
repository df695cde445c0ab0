"""Locations, held for the length of a transaction.

Whoever puts stock at a location holds its row shared; whoever opens or closes it, exclusively.
Locations are taken before variants, everywhere.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from inventory.model.ids import LocationId
from inventory.model.level import Shelf
from inventory.model.location import Location, LocationNameTaken, UnknownLocation

# All of them, and filtered here: a filter in SQL would look at rows as they were before waiting
# for a lock, and could leave out the one that has just been opened. There are few.
_ALL = select(Location).order_by(Location.id).execution_options(populate_existing=True)


async def all_for_use(session: AsyncSession) -> Sequence[Location]:
    """All locations, held shared."""
    return (await session.scalars(_ALL.with_for_update(read=True))).all()


async def all_for_change(session: AsyncSession) -> Sequence[Location]:
    """All locations, held exclusively."""
    return (await session.scalars(_ALL.with_for_update())).all()


async def write(session: AsyncSession) -> None:
    """Write what was changed; `LocationNameTaken` when a rival has just taken the name.

    The locks do not keep rivals from that: what a rival adds is no row yet that could be held.
    """
    try:
        await session.flush()
    except IntegrityError as error:
        if "location_name_key" in str(error.orig):
            raise LocationNameTaken from error
        raise


def home(locations: Iterable[Location]) -> Location:
    """The active one of the first priority; there always is one."""
    return min(
        (location for location in locations if location.active),
        key=lambda location: (location.priority, location.id),
    )


def place(locations: Iterable[Location], location_id: LocationId | None) -> Location:
    """The one with this id, or home when none is named; `UnknownLocation` if there is none."""
    if location_id is None:
        return home(locations)
    for location in locations:
        if location.id == location_id:
            return location
    raise UnknownLocation(f"There is no location {location_id}.")


def empty_shelf(location: Location) -> Shelf:
    """What a variant has at a location before anything comes in."""
    return Shelf(location.id, location.priority, location.active)
