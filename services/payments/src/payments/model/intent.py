"""What the gateway says: intents, refunds and declines, in our words and no vendor's."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from wareflow_events.schemas.shapes import Money


class IntentState(StrEnum):
    """What can still become of an intent."""

    ALIVE = "alive"
    """The customer may still pay, and it can be cancelled."""
    PROCESSING = "processing"
    """Money may be on its way; nobody can say yet."""
    CAPTURED = "captured"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Declined:
    """An attempt to pay that failed; `id` is the charge's, so that it counts once."""

    id: str
    code: str
    decline_code: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """How the money was taken, and when by the gateway's clock."""

    method: str
    brand: str | None
    country: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment intent as it is at the gateway now.

    `order_id` and `payment_id` are what we wrote on it when we made it; None on what others made.
    """

    id: str
    state: IntentState
    amount: Money
    livemode: bool
    order_id: UUID | None = None
    payment_id: UUID | None = None
    client_secret: str | None = None
    charge: Charge | None = None
    """Set once captured."""
    declined: Declined | None = None
    """The newest failed attempt."""


class RefundState(StrEnum):
    """What became of a refund at the gateway."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class GatewayRefund:
    """A refund as it is at the gateway now; `order_id` and `refund_id` are what we wrote on it."""

    id: str
    state: RefundState
    amount: Money
    intent_id: str | None = None
    order_id: UUID | None = None
    refund_id: UUID | None = None
    failure_code: str | None = None


class Contradiction(RuntimeError):
    """The gateway says what cannot be of this payment; kept with its error, for somebody to see."""
