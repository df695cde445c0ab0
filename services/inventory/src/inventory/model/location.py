"""A location: a place that stock is kept at."""

from collections.abc import Collection
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from inventory.model.base import Base
from inventory.model.ids import LocationId
from wareflow_kit.refusals import Conflict, NotFound

DEFAULT_LOCATION_ID = LocationId(UUID("0197f5a0-0000-7000-8000-000000000001"))
"""The location that the first migration makes, so that a new shop can receive at once."""


class UnknownLocation(NotFound):
    """There is no such location."""


class LocationNameTaken(Conflict):
    """Another location has this name."""


class LocationInactive(Conflict):
    """The location is not active; stock is neither received nor promised there."""


class LastActiveLocation(Conflict):
    """One location has to stay active."""


class LocationChanges(TypedDict, total=False):
    """What to change of a location; what is not named stays."""

    name: str
    priority: int
    country: str | None
    active: bool


class Location(Base):
    """A place that stock is kept at. Orders are served from the lowest `priority` first."""

    __tablename__ = "location"
    __table_args__ = (
        CheckConstraint("name <> ''", name="has_a_name"),
        CheckConstraint("priority >= 0", name="priority_not_negative"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso_3166"),
    )

    id: Mapped[LocationId] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    priority: Mapped[int]
    country: Mapped[str | None]
    active: Mapped[bool]
    version: Mapped[int]
    """Raised by each change; what `If-Match` is about."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    def update(
        self, changes: LocationChanges, *, others: Collection["Location"], now: datetime
    ) -> None:
        """Take over `changes`; `LocationNameTaken`, or `LastActiveLocation`."""
        refuse_taken(changes.get("name", self.name), others)
        if not changes.get("active", self.active) and not any(one.active for one in others):
            raise LastActiveLocation
        for field, value in changes.items():
            setattr(self, field, value)
        self.version += 1
        self.updated_at = now

    def facts(self) -> dict[str, JsonValue]:
        """What the audit trail keeps of it."""
        return {
            "name": self.name,
            "priority": self.priority,
            "country": self.country,
            "active": self.active,
        }

    def require_active(self) -> None:
        """`LocationInactive` unless stock may come in here."""
        if not self.active:
            raise LocationInactive(f"The location {self.name} is not active.")


def refuse_taken(name: str, others: Collection[Location]) -> None:
    """`LocationNameTaken` when one of `others` has that name."""
    if any(other.name == name for other in others):
        raise LocationNameTaken(f"There is a location {name!r} already.")
