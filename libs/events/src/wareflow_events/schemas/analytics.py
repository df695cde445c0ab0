"""What `analytics` tells: the activity stream as it was collected."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from wareflow_events.event import Event, Kind, Shape, declare_topic
from wareflow_events.schemas.shapes import Attribution, Money

ACTIVITY = declare_topic("wareflow.analytics.activity", key="visitor_id", kind=Kind.ACTIVITY)


class Item(Shape):
    """A product in an activity, in Google Analytics' terms."""

    item_id: str
    variant_id: UUID | None = None
    product_id: UUID | None = None
    quantity: int = 1
    price: Money | None = None


class ActivityRecorded(Event, type="wareflow.analytics.activity.recorded.v1"):
    """A visitor did something; named as Google Analytics names it (view_item, add_to_cart, ...)."""

    activity_id: UUID
    visitor_id: str
    session_id: str | None = None
    customer_id: UUID | None = None
    name: str
    occurred_at: datetime
    collected_at: datetime
    channel: str = "default"
    page: str | None = None
    search_term: str | None = None
    cart_id: UUID | None = None
    order_id: UUID | None = None
    value: Money | None = None
    items: list[Item] = Field(default_factory=list[Item])
    attribution: Attribution = Field(default_factory=Attribution)
    test: bool = False
