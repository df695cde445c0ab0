"""Locations: the places that stock is kept at."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from inventory.api.shapes import Answer, Body, Country, Reader, Writer, shown
from inventory.model.ids import LocationId
from inventory.model.location import (
    LastActiveLocation,
    LocationChanges,
    LocationNameTaken,
    UnknownLocation,
)
from inventory.usecases.create_location import create_location
from inventory.usecases.update_location import update_location
from inventory.views.locations import all_locations, location_of
from wareflow_kit.refusals import PreconditionFailed
from wareflow_kit.web.caching import NOT_MODIFIED, Seen, label
from wareflow_kit.web.deps import Read, Tx
from wareflow_kit.web.idempotency import Once
from wareflow_kit.web.paging import Page
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/inventory/v1/locations", tags=["locations"])

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]+$"),
]
Priority = Annotated[
    int, Field(ge=0, le=1_000_000, description="Orders are served from the lowest first")
]


class LocationIn(Body):
    """A new location."""

    name: Name = Field(examples=["Warehouse north"])
    priority: Priority = 100
    country: Country | None = None


class LocationPatch(Body):
    """What to change; what is left out stays."""

    model_config = shown(priority=10, country="DE")

    name: Name = ""
    priority: Priority = 100
    country: Country | None = None
    active: bool = True


class LocationOut(Answer):
    """A place that stock is kept at."""

    id: UUID
    name: str
    priority: int
    country: str | None
    active: bool
    created_at: datetime
    updated_at: datetime


@router.get("")
async def list_locations(session: Read, _who: Reader) -> Page[LocationOut]:
    """All locations, in the order that orders are served from."""
    found = await all_locations(session)
    return Page(items=[LocationOut.model_validate(location) for location in found])


@router.get("/{location_id}", responses=refusals(UnknownLocation) | NOT_MODIFIED)
async def get_location(
    location_id: UUID, request: Request, response: Response, session: Read, _who: Reader
) -> LocationOut:
    """A location."""
    location = await location_of(session, LocationId(location_id))
    label(request, response, location.id, location.version)
    return LocationOut.model_validate(location)


@router.post("", status_code=201, responses=refusals(LocationNameTaken))
async def add_location(
    body: LocationIn, response: Response, tx: Tx, once: Once, who: Writer
) -> LocationOut:
    """Make a location; it is active and holds nothing yet."""
    made = await once(
        tx,
        lambda: create_location(
            tx, name=body.name, priority=body.priority, country=body.country, who=who
        ),
    )
    response.headers["Location"] = f"/inventory/v1/locations/{made}"
    return LocationOut.model_validate(await location_of(tx.session, LocationId(made)))


@router.patch(
    "/{location_id}",
    responses=refusals(UnknownLocation, LocationNameTaken, LastActiveLocation, PreconditionFailed),
)
async def change_location(
    location_id: UUID, body: LocationPatch, tx: Tx, seen: Seen, who: Writer
) -> LocationOut:
    """Change a location. One that is not active keeps what it has, and promises nothing more."""
    await update_location(
        tx,
        location_id=LocationId(location_id),
        seen=seen.check,
        changes=cast("LocationChanges", body.model_dump(exclude_unset=True)),
        who=who,
    )
    return LocationOut.model_validate(await location_of(tx.session, LocationId(location_id)))
