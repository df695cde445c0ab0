"""Events: what happened to an object, as webhooks carry it and as `/v1/events` lists it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import orjson
from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from wareflow_sandbox.model.base import Rendered, Resource, as_rendered
from wareflow_sandbox.model.ids import unix

API_VERSION = "2026-10-28.endive"
"""The version of Stripe's API whose shapes these are: that of the `stripe` 16 client."""

KEPT_FOR = timedelta(days=30)
"""Stripe lists events of the last 30 days."""

EVENT_TYPES = frozenset(
    {
        "charge.captured",
        "charge.failed",
        "charge.pending",
        "charge.refunded",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.created",
        "payment_intent.payment_failed",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
        "refund.created",
        "refund.failed",
        "refund.updated",
    }
)
"""Everything that the sandbox tells."""


@dataclass(frozen=True)
class Told:
    """A state change, for the verb to tell: the kind, and the object as it is when told."""

    type: str
    subject: Resource
    previous: Rendered | None = None
    """What the changed attributes were, where Stripe says so."""


@dataclass(frozen=True)
class Asked:
    """The request that an event comes from; nobody's, when time alone caused it."""

    request_id: str | None = None
    idempotency_key: str | None = None


def event_payload(told: Told, *, event_id: str, at: datetime, asked: Asked) -> str:
    """The event as JSON text: exactly what is signed and sent."""
    data: Rendered = {"object": told.subject.rendered()}
    if told.previous is not None:
        data["previous_attributes"] = told.previous
    event: Rendered = {
        "id": event_id,
        "object": "event",
        "api_version": API_VERSION,
        "created": unix(at),
        "data": data,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": asked.request_id, "idempotency_key": asked.idempotency_key},
        "type": told.type,
    }
    return orjson.dumps(event).decode()


class Event(Resource):
    """An event as it was sent; only `pending_webhooks` is counted anew when it is shown."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "type", "id"),)
    PREFIX: ClassVar = "evt"
    OBJECT: ClassVar = "event"

    type: Mapped[str]
    subject_id: Mapped[str]
    payload: Mapped[str]
    created: Mapped[datetime]

    def rendered(self) -> Rendered:
        return as_rendered(orjson.loads(self.payload))
