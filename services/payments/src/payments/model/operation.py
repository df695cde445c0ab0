"""An operation: an effect at the gateway, stored before the call, so that it happens once."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from payments.model.base import Base, Word, one_of
from payments.model.payment import Payment
from payments.model.refund import Refund
from wareflow_events.ids import id_from
from wareflow_events.schemas.shapes import Money

KEY_RETENTION = timedelta(hours=23)
"""Stripe prunes idempotency keys after at least 24 hours
(docs.stripe.com/api/idempotent_requests); an hour is left for a request under way."""

LEASE = timedelta(seconds=120)
"""How long a claimed operation is left alone; longer than any call may take."""

LOOK_UP_EVERY = 4
"""Every so many answers that tell nothing, we look whether there was an effect."""

_SETTLED = timedelta(minutes=10)
"""After so long no request of ours can still be on its way (Stripe ends them after 80 s)."""
_SETTLED_REPLAY = timedelta(seconds=10)
"""A replayed answer proves that the first request ended; lists may be a moment behind."""


class OperationKind(StrEnum):
    """What is to be done at the gateway."""

    CREATE_INTENT = "create_intent"
    CANCEL_INTENT = "cancel_intent"
    REFUND = "refund"


class OperationStatus(StrEnum):
    """What is known of the effect."""

    PENDING = "pending"
    """Surely without effect: its present key was never sent."""
    UNKNOWN = "unknown"
    """Sent, and no answer that tells."""
    DONE = "done"
    FAILED = "failed"
    """Refused for good."""
    DROPPED = "dropped"
    """Not needed any more before it was ever sent."""


S = OperationStatus


class Step(StrEnum):
    """What to do with an operation next."""

    SEND = "send"
    LOOK_UP = "look_up"


class Operation(Base):
    """`id` follows from payment, kind and cause, and is on the gateway's object, as metadata;
    `key` is the idempotency key, the id itself until that key was proven to be without effect."""

    __tablename__ = "operation"
    __table_args__ = (
        UniqueConstraint("order_id", "kind", "cause", name="operation_once_per_cause"),
        CheckConstraint(one_of("kind", OperationKind), name="kind_known"),
        CheckConstraint(one_of("status", OperationStatus), name="status_known"),
        CheckConstraint(
            "status NOT IN ('pending', 'dropped') OR first_sent_at IS NULL",
            name="pending_was_never_sent",
        ),
        CheckConstraint(
            "status <> 'unknown' OR first_sent_at IS NOT NULL", name="unknown_was_sent"
        ),
        CheckConstraint(
            "(status IN ('pending', 'unknown')) = (next_attempt_at IS NOT NULL)",
            name="waiting_has_a_next_attempt",
        ),
        CheckConstraint(
            "(finished_at IS NULL) = (next_attempt_at IS NOT NULL)", name="finished_or_waiting"
        ),
        Index(None, "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
        Index(None, "status", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    kind: Mapped[OperationKind] = mapped_column(Word(OperationKind))
    cause: Mapped[str]
    """What asked for it: payment_due, closing, the id of a refund."""
    amount: Mapped[int]
    currency: Mapped[str]
    livemode: Mapped[bool]
    note: Mapped[str] = mapped_column(server_default="")
    """What people read at the gateway: the order's number."""
    intent_id: Mapped[str | None]
    refund_id: Mapped[UUID | None]
    status: Mapped[OperationStatus] = mapped_column(Word(OperationStatus))
    key: Mapped[UUID]
    key_spent: Mapped[bool] = mapped_column(server_default=text("false"))
    """The gateway answers this key with a stored fault, or holds it for another request."""
    attempts: Mapped[int] = mapped_column(server_default="0")
    """Also the fence: whoever records must have made the newest attempt."""
    faults: Mapped[int] = mapped_column(server_default="0")
    """Answers in a row that told nothing."""
    next_attempt_at: Mapped[datetime | None]
    """While it is claimed, when the lease ends; None once it is finished."""
    first_sent_at: Mapped[datetime | None]
    """When the present key was sent for the first time."""
    last_sent_at: Mapped[datetime | None]
    result: Mapped[str | None]
    """The gateway's id of what it made."""
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    @classmethod
    def to_create(
        cls, payment: Payment, *, now: datetime, since: datetime | None = None
    ) -> "Operation":
        """Make the one intent of a payment."""
        made = cls._of(payment, OperationKind.CREATE_INTENT, "payment_due", now, since)
        made.amount, made.currency = payment.amount, payment.currency
        return made

    @classmethod
    def to_cancel(cls, payment: Payment, *, cause: str, now: datetime) -> "Operation":
        """See to it that nobody can pay any more."""
        made = cls._of(payment, OperationKind.CANCEL_INTENT, cause, now, None)
        made.amount, made.currency = payment.amount, payment.currency
        return made

    @classmethod
    def to_refund(
        cls, payment: Payment, refund: Refund, *, now: datetime, since: datetime | None = None
    ) -> "Operation":
        """Give money back, once per refund."""
        made = cls._of(payment, OperationKind.REFUND, str(refund.id), now, since)
        made.amount, made.currency, made.refund_id = refund.amount, refund.currency, refund.id
        return made

    @classmethod
    def _of(
        cls,
        payment: Payment,
        kind: OperationKind,
        cause: str,
        now: datetime,
        since: datetime | None,
    ) -> "Operation":
        # The same effect has the same id and key, whoever stores it: also a database that was
        # restored from a copy and has forgotten that it was sent, at some time from `since` on.
        same = id_from(payment.id, f"{kind} {cause}")
        return cls(
            id=same, key=same, order_id=payment.order_id, payment_id=payment.id,
            kind=kind, cause=cause, livemode=payment.livemode, note=payment.number,
            intent_id=payment.intent_id, next_attempt_at=now, created_at=now,
            status=S.UNKNOWN if since else S.PENDING, first_sent_at=since,
            last_sent_at=now if since else None, key_spent=False, attempts=0, faults=0,
        )  # fmt: skip

    @property
    def money(self) -> Money:
        """What is charged or given back."""
        return Money(amount=self.amount, currency=self.currency)

    def claim(self, *, now: datetime) -> Step:
        """Take it, under a lease; from here on it counts as sent, whatever happens to us."""
        step = self._step(now)
        self.attempts += 1
        self.next_attempt_at = now + LEASE
        if step is Step.SEND:
            self.status = S.UNKNOWN
            self.first_sent_at = self.first_sent_at or now
            self.last_sent_at = now
        return step

    def _step(self, now: datetime) -> Step:
        if self.first_sent_at is None:
            return Step.SEND
        if self.key_spent or now - self.first_sent_at >= KEY_RETENTION:
            return Step.LOOK_UP
        return Step.LOOK_UP if self.faults % LOOK_UP_EVERY == LOOK_UP_EVERY - 1 else Step.SEND

    def done(self, *, result: str, now: datetime) -> None:
        """It had its effect."""
        self.result = result
        self._finish(S.DONE, now)

    def fail(self, *, code: str, message: str, now: datetime) -> None:
        """It was refused for good."""
        self.error_code, self.error = code, message
        self._finish(S.FAILED, now)

    def drop(self, *, now: datetime) -> bool:
        """Call it off; False when it was sent and may have had its effect."""
        if self.status is not S.PENDING:
            return False
        self._finish(S.DROPPED, now)
        return True

    def unclear(self, error: str, *, now: datetime, after: float, spent: bool = False) -> None:
        """The answer did not tell; again in `after` seconds, with the same key."""
        self.error = error
        self.faults += 1
        self.key_spent = self.key_spent or spent
        self.next_attempt_at = now + timedelta(seconds=after)

    def later(self, error: str, *, now: datetime, after: float) -> None:
        """The gateway did not run it this time; again in `after` seconds, with the same key."""
        self.error = error
        self.next_attempt_at = now + timedelta(seconds=after)

    def turned_away(self, error: str, *, now: datetime, after: float) -> None:
        """The gateway did not let us in: what was sent only now is surely without effect."""
        self.later(error, now=now, after=after)
        if self.first_sent_at == self.last_sent_at:
            self.status, self.first_sent_at = S.PENDING, None

    def without_effect(self, *, now: datetime, new_key: UUID, after: float) -> None:
        """A look found nothing. Once that proves it, a new key; before, the old one again."""
        self.faults += 1
        self.next_attempt_at = now + timedelta(seconds=after)
        if self._proven(now):
            self.renew(now=now, new_key=new_key, after=0)

    def _proven(self, now: datetime) -> bool:
        assert self.first_sent_at is not None
        assert self.last_sent_at is not None
        if self.key_spent:
            return now - self.last_sent_at >= _SETTLED_REPLAY
        expired = now - self.first_sent_at >= KEY_RETENTION
        return expired and now - self.last_sent_at >= _SETTLED

    def renew(self, *, now: datetime, new_key: UUID, after: float) -> None:
        """The old key was proven without effect: a new one, not sent yet."""
        self.status = S.PENDING
        self.key = new_key
        self.key_spent = False
        self.first_sent_at = None
        self.faults = 0
        self.next_attempt_at = now + timedelta(seconds=after)

    def _finish(self, status: OperationStatus, now: datetime) -> None:
        self.status, self.next_attempt_at, self.finished_at = status, None, now
