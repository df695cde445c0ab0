"""What `crm` tells about customers, without naming them."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from wareflow_events.event import Event, Kind, declare_topic
from wareflow_events.schemas.shapes import Metadata

CUSTOMER = declare_topic("wareflow.crm.customer", key="customer_id", kind=Kind.FACT)


class CustomerRegistered(Event, type="wareflow.crm.customer.registered.v1"):
    """Somebody opened an account."""

    customer_id: UUID
    locale: str
    registered_at: datetime


class CustomerChanged(Event, type="wareflow.crm.customer.changed.v1"):
    """What is known of a customer changed, in so far as others may know it."""

    customer_id: UUID
    locale: str
    tags: list[str] = Field(default_factory=list)
    metadata: Metadata = Field(default_factory=dict)


class CustomerMerged(Event, type="wareflow.crm.customer.merged.v1"):
    """Guests turned out to be this customer, by a verified e-mail address."""

    customer_id: UUID
    merged_ids: list[UUID]
    merged_at: datetime


class CustomerErased(Event, type="wareflow.crm.customer.erased.v1"):
    """A customer's personal data must be forgotten, under every id they ever had."""

    customer_id: UUID
    customer_ids: list[UUID]
    """All ids, `customer_id` included."""
    erased_at: datetime
