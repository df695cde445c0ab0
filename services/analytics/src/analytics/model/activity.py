"""What visitors did, as it was collected; and what could not be understood, with the reason."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator
from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from analytics.model.base import Base
from wareflow_events.event import Shape
from wareflow_events.schemas.analytics import ActivityRecorded
from wareflow_events.schemas.shapes import Attribution, Money

_FUTURE = timedelta(minutes=10)
_PAST = timedelta(days=30)
_MOST_MONEY = 10**14


class Implausible(ValueError):
    """The clock of the visitor's device is far off, or the event is very late."""


Short = Annotated[str, Field(max_length=255)]
Address = Annotated[str, Field(max_length=2048)]


class Amount(Money):
    """Money as a device counts it."""

    amount: int = Field(ge=-_MOST_MONEY, le=_MOST_MONEY)
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", max_length=3)]


class Seen(Shape):
    """A product in an activity, as `Item` tells of it."""

    item_id: Short
    variant_id: UUID | None = None
    product_id: UUID | None = None
    quantity: int = Field(default=1, ge=0, le=1_000_000)
    price: Amount | None = None


class Origin(Attribution):
    """Where the visit came from."""

    visitor_id: Short | None = None
    session_id: Short | None = None
    utm_source: Short | None = None
    utm_medium: Short | None = None
    utm_campaign: Short | None = None
    utm_term: Short | None = None
    utm_content: Short | None = None
    referrer: Address | None = None
    landing_page: Address | None = None


class Activity(Shape):
    """One thing a visitor did, named as Google Analytics names it.

    `event_id` makes repeating it harmless; `visitor_id` and `session_id` are the storefront's own
    pseudonymous ids.
    """

    event_id: UUID
    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        max_length=40,
        description="view_item, add_to_cart, ...",
    )
    visitor_id: str = Field(min_length=1, max_length=128)
    session_id: str | None = Field(default=None, max_length=128)
    customer_id: UUID | None = None
    occurred_at: AwareDatetime
    channel: str = Field(default="default", max_length=64)
    page: Address | None = None
    search_term: str | None = Field(default=None, max_length=256)
    cart_id: UUID | None = None
    order_id: UUID | None = None
    value: Amount | None = None
    items: list[Seen] = Field(default_factory=list[Seen], max_length=200)
    attribution: Origin = Field(default_factory=Origin)
    test: bool = False

    @model_validator(mode="after")
    def _views_name_an_item(self) -> "Activity":
        if self.name in {"view_item", "add_to_cart"} and not self.items:
            raise ValueError(f"{self.name} names no item")
        return self

    def at_a_plausible_time(self, *, now: datetime) -> "Activity":
        """Itself; `Implausible` when it lies in the future or more than 30 days back."""
        if self.occurred_at > now + _FUTURE:
            raise Implausible(f"occurred_at {self.occurred_at.isoformat()} lies in the future")
        if self.occurred_at < now - _PAST:
            raise Implausible(f"occurred_at {self.occurred_at.isoformat()} is over 30 days ago")
        return self

    def of_nobody(self, stand_in: UUID) -> "Activity":
        """The same activity of a visitor whom nothing leads to."""
        kept = self.model_dump(include={"event_id", "name", "occurred_at", "channel", "test"})
        return Activity(**kept, items=self.items, visitor_id=f"erased:{stand_in}")

    def recorded(self, *, now: datetime) -> ActivityRecorded:
        """The event that tells of it."""
        return ActivityRecorded(
            activity_id=self.event_id,
            collected_at=now,
            **self.model_dump(exclude={"event_id"}),
        )


class ActivityRow(Base):
    """A collected activity; what the funnel and the views are counted from."""

    __tablename__ = "activity"
    __table_args__ = (
        Index("activity_by_name", "channel", "test", "name", "occurred_at"),
        Index("activity_by_visitor", "visitor_id"),
        Index("activity_by_customer", "customer_id", postgresql_where="customer_id IS NOT NULL"),
    )

    activity_id: Mapped[UUID] = mapped_column(primary_key=True)
    visitor_id: Mapped[str]
    session_id: Mapped[str | None]
    customer_id: Mapped[UUID | None]
    name: Mapped[str]
    occurred_at: Mapped[datetime]
    collected_at: Mapped[datetime]
    channel: Mapped[str]
    test: Mapped[bool]
    product_id: Mapped[UUID | None]
    """Of the first item, so that views can be counted without opening `body`."""
    body: Mapped[dict[str, Any]]
    """The whole activity as it was sent."""


class BadActivity(Base):
    """An activity that was not understood, kept as it came."""

    __tablename__ = "bad_activity"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    reason: Mapped[str]
    body: Mapped[str]
