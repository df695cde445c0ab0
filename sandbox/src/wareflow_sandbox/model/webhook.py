"""Webhooks: who wants to hear, what is to be delivered when, and how it is signed."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wareflow_sandbox.model.base import Base, Rendered, Resource, SortedText
from wareflow_sandbox.model.errors import BadParameter
from wareflow_sandbox.model.event import API_VERSION, EVENT_TYPES
from wareflow_sandbox.model.ids import unix

GIVE_UP_AFTER = timedelta(days=3)
"""How long a delivery is tried, as Stripe does for live accounts."""

LONGEST_PAUSE = timedelta(hours=6)

LEASE = timedelta(seconds=60)
"""After this long a delivery that nobody finished is taken up again."""


class WebhookEndpoint(Resource):
    """A receiver. Those of the settings are made at start; `configured` tells them apart."""

    __tablename__ = "webhook_endpoint"
    PREFIX: ClassVar = "we"
    OBJECT: ClassVar = "webhook_endpoint"

    url: Mapped[str]
    secret: Mapped[str]
    enabled_events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    description: Mapped[str | None]
    configured: Mapped[bool]
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata")
    created: Mapped[datetime]

    def rendered(self) -> Rendered:
        """The endpoint; its secret is shown once, by who makes it."""
        return {
            "id": self.id,
            "object": self.OBJECT,
            "api_version": API_VERSION,
            "application": None,
            "created": unix(self.created),
            "description": self.description,
            "enabled_events": self.enabled_events,
            "livemode": False,
            "metadata": self.metadata_,
            "status": "enabled",
            "url": self.url,
        }


def wanted_events(names: list[str]) -> list[str]:
    """The kinds of event that an endpoint asks for; `BadParameter` for one that is never sent."""
    unknown = set(names) - EVENT_TYPES - {"*"}
    if unknown or not names:
        raise BadParameter(
            f"Invalid enabled_events: {', '.join(sorted(unknown)) or 'none given'}. The sandbox"
            f" sends: *, {', '.join(sorted(EVENT_TYPES))}",
            param="enabled_events",
        )
    return sorted(set(names))


class WebhookDelivery(Base):
    """One event for one endpoint, until it is received; without `due_at` it was given up."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("webhook_delivery_due_at_idx", "due_at", postgresql_where=text("due_at is not null")),
        Index(None, "event_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[str] = mapped_column(SortedText, ForeignKey("event.id", ondelete="CASCADE"))
    endpoint_id: Mapped[str] = mapped_column(
        SortedText, ForeignKey("webhook_endpoint.id", ondelete="CASCADE"), index=True
    )
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime | None]
    """When to try (again); moved on by the lease while an attempt is under way."""
    last_result: Mapped[str | None]
    """What the last attempt met: a status, or an error's name."""


def next_attempt(
    *, attempts: int, first: timedelta, begun: datetime, now: datetime
) -> datetime | None:
    """When to try again after `attempts` failures: `first`, then twice as long each time; None
    when it is time to give up."""
    pause = min(first * 2 ** min(attempts - 1, 30), LONGEST_PAUSE)
    due = now + pause
    return due if due <= begun + GIVE_UP_AFTER else None


def signature(payload: bytes, *, secret: str, at: datetime) -> str:
    """The `Stripe-Signature` header: HMAC-SHA256 over `<timestamp>.<payload>`
    (docs.stripe.com/webhooks#verify-manually)."""
    stamp = unix(at)
    signed = str(stamp).encode() + b"." + payload
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"
