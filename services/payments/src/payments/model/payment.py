"""A payment: one per order, what may become of it, and what it tells when it does."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from payments.model.base import Base, Word, one_of
from payments.model.intent import Charge, Contradiction, Declined, Intent, IntentState
from wareflow_events.ids import id_from
from wareflow_events.schemas.payments import PaymentCaptured, PaymentFailed, PaymentVoided
from wareflow_events.schemas.shapes import Money
from wareflow_kit.refusals import Conflict, NotFound


class UnknownPayment(NotFound):
    """No payment of this order was ever due."""


class PaymentDueDiffers(Conflict):
    """The order's payment was due before, with other terms."""


class Status(StrEnum):
    """Where a payment stands."""

    DUE = "due"
    """Asked for; the gateway has no intent yet."""
    OPEN = "open"
    """The customer may pay."""
    CLOSING = "closing"
    """The order ends; what is true at the gateway is being found out."""
    CAPTURED = "captured"
    VOIDED = "voided"
    LATE = "late"
    """Captured after it was voided: the money goes back by itself."""


class Fact(StrEnum):
    """What a payment may learn."""

    ALIVE = "alive"
    """The gateway has an intent that is not decided."""
    CAPTURED = "captured"
    CANCELLED = "cancelled"
    """The intent is cancelled, or none was ever made."""
    REFUSED = "refused"
    """The gateway refuses, for good, to make an intent."""
    CLOSE = "close"
    """The order is about to end."""


S, F = Status, Fact
NEXT: dict[Status, dict[Fact, Status]] = {
    S.DUE: {
        F.ALIVE: S.OPEN,
        F.CAPTURED: S.CAPTURED,
        F.CANCELLED: S.VOIDED,
        F.REFUSED: S.VOIDED,
        F.CLOSE: S.CLOSING,
    },
    S.OPEN: {
        F.ALIVE: S.OPEN,
        F.CAPTURED: S.CAPTURED,
        F.CANCELLED: S.VOIDED,
        F.REFUSED: S.OPEN,  # an intent exists, so the refusal was of something else
        F.CLOSE: S.CLOSING,
    },
    S.CLOSING: {
        F.ALIVE: S.CLOSING,
        F.CAPTURED: S.CAPTURED,
        F.CANCELLED: S.VOIDED,
        F.REFUSED: S.VOIDED,
        F.CLOSE: S.CLOSING,
    },
    S.CAPTURED: dict.fromkeys(Fact, S.CAPTURED),  # money that was taken is never untaken
    S.VOIDED: {**dict.fromkeys(Fact, S.VOIDED), F.CAPTURED: S.LATE},
    S.LATE: dict.fromkeys(Fact, S.LATE),
}
"""The total state table: every status and every fact, "nothing to do" included."""

UNDECIDED = frozenset({S.DUE, S.OPEN, S.CLOSING})
"""The statuses in which money may still be taken."""

_FACTS = {
    IntentState.ALIVE: F.ALIVE,
    IntentState.PROCESSING: F.ALIVE,
    IntentState.CAPTURED: F.CAPTURED,
    IntentState.CANCELLED: F.CANCELLED,
}
_MOST_DOUBLINGS = 7  # with a first look after a minute, the looks end up two hours apart


def payment_id(order_id: UUID) -> UUID:
    """The id of an order's payment: there is one, so it follows from the order. It is on the
    gateway's objects, and the same again for a database that was restored from a copy."""
    return id_from(order_id, "payment")


class Payment(Base):
    """The money of one order; amounts in minor units of `currency`."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("order_id", name="payment_one_per_order"),
        UniqueConstraint("intent_id"),
        CheckConstraint(one_of("status", Status), name="status_known"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("refunded >= 0 AND pending_refund >= 0", name="refunds_not_negative"),
        CheckConstraint("captured >= refunded + pending_refund", name="refunds_within_captured"),
        CheckConstraint(
            "(status IN ('captured', 'late')) = (captured > 0)", name="captured_means_money_taken"
        ),
        CheckConstraint(
            "status <> 'open' OR (intent_id IS NOT NULL AND client_secret IS NOT NULL)",
            name="open_has_an_intent",
        ),
        Index(None, "look_at", postgresql_where=text("look_at IS NOT NULL")),
        Index(None, "status", "id"),
        Index(None, "customer_id", postgresql_where=text("customer_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    number: Mapped[str]
    customer_id: Mapped[UUID | None]
    """None once the customer is erased."""
    amount: Mapped[int]
    currency: Mapped[str]
    livemode: Mapped[bool]
    test: Mapped[bool]
    status: Mapped[Status] = mapped_column(Word(Status))
    intent_id: Mapped[str | None]
    client_secret: Mapped[str | None]
    captured: Mapped[int] = mapped_column(server_default="0")
    refunded: Mapped[int] = mapped_column(server_default="0")
    pending_refund: Mapped[int] = mapped_column(server_default="0")
    method: Mapped[str | None]
    brand: Mapped[str | None]
    country: Mapped[str | None]
    error_code: Mapped[str | None]
    """Of the newest declined attempt."""
    decline_code: Mapped[str | None]
    reason: Mapped[str | None]
    """Why it is closing, or was voided."""
    trouble: Mapped[str | None]
    """What the gateway last said that cannot be; somebody has to look at it."""
    pay_by: Mapped[datetime]
    look_at: Mapped[datetime | None]
    """When to ask the gateway if no webhook comes; None when there is nothing to ask."""
    looks: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime]
    captured_at: Mapped[datetime | None]
    """By the gateway's clock."""
    updated_at: Mapped[datetime]

    @property
    def due(self) -> Money:
        """What the customer is to pay."""
        return Money(amount=self.amount, currency=self.currency)

    @property
    def refundable(self) -> int:
        """What may still go back, in minor units."""
        return self.captured - self.refunded - self.pending_refund

    def see(
        self, intent: Intent, *, now: datetime, look_after: timedelta
    ) -> PaymentCaptured | PaymentVoided | None:
        """Apply what the gateway says; what there is to tell, if that decided the payment.

        The same twice, late or out of order changes nothing. `Contradiction` when it cannot be
        of this payment.
        """
        self._own(intent)
        was = self._move(_FACTS[intent.state], now=now)
        self.trouble = None
        if self.status is was:
            return None
        if self.status in (S.CAPTURED, S.LATE):
            return self._take(intent, now=now)
        if self.status is S.VOIDED:
            return self._void(self.reason or "gateway")
        self.look_at = now + look_after
        return None

    def close(self, reason: str, *, now: datetime) -> None:
        """The order is about to end: withhold the secret, and find out what is true."""
        if self._move(F.CLOSE, now=now) is not self.status:
            self.reason = reason

    def never_was(self, *, now: datetime) -> PaymentVoided | None:
        """No intent was made, nor will be; None when the payment was decided before."""
        was = self._move(F.CANCELLED, now=now)
        return None if self.status is was else self._void(self.reason or "never_opened")

    def refuse(self, code: str, *, now: datetime) -> PaymentVoided | None:
        """The gateway will not make an intent; None when that no longer matters."""
        was = self._move(F.REFUSED, now=now)
        self.error_code = code
        return None if self.status is was else self._void(self.reason or f"refused: {code}")

    def decline(self, declined: Declined, *, now: datetime) -> PaymentFailed | None:
        """An attempt failed; None when the payment was decided meanwhile."""
        if self.status not in UNDECIDED:
            return None
        self.error_code = declined.code
        self.decline_code = declined.decline_code
        self.updated_at = now
        return PaymentFailed(
            order_id=self.order_id,
            payment_id=self.id,
            code=declined.code,
            decline_code=declined.decline_code,
            failed_at=now,
        )

    def recall(self, told: PaymentCaptured | PaymentVoided, *, at: datetime) -> None:
        """Be what was told of it before a restored database forgot it."""
        if told.payment_id != self.id:
            raise Contradiction(f"{told.payment_id} was told of, but payment {self.id} is here")
        self.updated_at = at
        self._settle()
        if isinstance(told, PaymentVoided):
            self.status, self.reason = S.VOIDED, told.reason
            return
        self.status = S.CAPTURED
        self.captured, self.captured_at = told.amount.amount, told.captured_at
        self.method, self.brand, self.country = told.method, told.brand, told.country

    def recall_late(self, *, at: datetime) -> None:
        """It was captured after the void: that was told by its refund only."""
        self.status, self.updated_at = S.LATE, at
        self.captured, self.captured_at = self.amount, at

    def looked(self, *, now: datetime, look_after: timedelta) -> None:
        """It is being looked up: the next time later, twice as long each time."""
        self.looks += 1
        self.look_at = now + look_after * 2 ** min(self.looks, _MOST_DOUBLINGS)

    def _own(self, intent: Intent) -> None:
        if intent.payment_id != self.id or intent.amount != self.due:
            raise Contradiction(f"{intent.id} is not an intent for payment {self.id}")
        if intent.livemode != self.livemode:
            raise Contradiction(f"{intent.id} is of another mode than payment {self.id}")
        if self.intent_id not in (None, intent.id):
            raise Contradiction(f"payment {self.id} has {self.intent_id}, and now {intent.id}")
        self.intent_id = intent.id
        if self.status in UNDECIDED:
            self.client_secret = intent.client_secret or self.client_secret

    def _move(self, fact: Fact, *, now: datetime) -> Status:
        was, self.status = self.status, NEXT[self.status][fact]
        if self.status is not was:
            self.updated_at = now
        return was

    def _take(self, intent: Intent, *, now: datetime) -> PaymentCaptured | None:
        charge = intent.charge or Charge("unknown", None, None, now)
        self.captured, self.captured_at = self.amount, charge.at
        self.method, self.brand, self.country = charge.method, charge.brand, charge.country
        self._settle()
        if self.status is S.LATE:
            return None  # the order was told that it is void, and will be told of the refund
        return PaymentCaptured(
            order_id=self.order_id,
            payment_id=self.id,
            amount=self.due,
            method=charge.method,
            brand=charge.brand,
            country=charge.country,
            livemode=self.livemode,
            captured_at=charge.at,
        )

    def _void(self, reason: str) -> PaymentVoided:
        self.reason = reason
        self._settle()
        return PaymentVoided(order_id=self.order_id, payment_id=self.id, reason=reason)

    def _settle(self) -> None:
        self.client_secret = None
        self.look_at = None
