"""The port to a payment gateway, and the ways it may fail to give an answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from payments.model.intent import GatewayRefund, Intent
from payments.model.webhook import Notice
from wareflow_events.schemas.shapes import Money


class Unanswered(Exception):
    """No answer that tells: a time-out, a lost connection, a fault there. It may have happened.

    `spent`: the gateway will answer this idempotency key the same way for ever.
    """

    def __init__(self, message: str, *, spent: bool = False) -> None:
        super().__init__(message)
        self.spent = spent


class NotNow(Exception):
    """The gateway did not run it: too many requests, or the same one is under way there."""


class NotOurs(Exception):
    """The gateway does not let us: a wrong key, a missing permission. Nothing was run."""


class Refused(Exception):
    """The gateway ran it and said no, for good."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class IntentRequest:
    """An intent to be made. The ids are written on it, so that it can be found again."""

    key: UUID
    operation_id: UUID
    order_id: UUID
    payment_id: UUID
    amount: Money
    note: str


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """A refund to be made. The ids are written on it, so that it can be found again."""

    key: UUID
    operation_id: UUID
    order_id: UUID
    refund_id: UUID
    intent_id: str
    amount: Money


class Gateway(Protocol):
    """Each call may raise `Unanswered`, `NotNow`, `NotOurs` or `Refused`, and nothing else.

    The same `key` never has two effects while the gateway remembers it.
    """

    async def connect(self) -> bool:
        """Be ready before the first call; False, as a poller's run that is done."""
        ...

    async def create_intent(self, request: IntentRequest) -> Intent:
        """Make an intent that nobody has paid yet; captured as soon as it is paid."""
        ...

    async def find_intent(
        self, operation_id: UUID, *, since: datetime, until: datetime
    ) -> Intent | None:
        """The intent that an operation made between two times, if it made one."""
        ...

    async def retrieve_intent(self, intent_id: str) -> Intent:
        """An intent as it is now."""
        ...

    async def cancel_intent(self, intent_id: str, *, key: UUID) -> Intent:
        """See to it that nobody can pay an intent any more; `Refused` when that is too late."""
        ...

    async def create_refund(self, request: RefundRequest) -> GatewayRefund:
        """Give money back."""
        ...

    async def find_refund(self, operation_id: UUID, *, intent_id: str) -> GatewayRefund | None:
        """The refund that an operation made of an intent, if it made one."""
        ...

    async def retrieve_refund(self, gateway_id: str) -> GatewayRefund:
        """A refund as it is now."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class Webhooks(Protocol):
    """Reads what the gateway posts to us."""

    def look_at(self, signature: str | None, *, now: datetime) -> None:
        """`ForgedWebhook` when no body at all could go with this signature now."""
        ...

    def open(self, body: bytes, *, signature: str | None, now: datetime) -> Notice:
        """What a webhook says; `ForgedWebhook` unless the gateway signed it, `WrongMode` if it
        is of the other mode."""
        ...
