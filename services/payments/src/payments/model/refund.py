"""A refund: money that goes back once per id, and never more than was taken."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from payments.model.base import Base, Word, one_of
from payments.model.intent import Contradiction, GatewayRefund, RefundState
from payments.model.payment import Payment
from wareflow_events.ids import id_from
from wareflow_events.schemas.payments import PaymentRefunded, RefundFailed
from wareflow_events.schemas.shapes import Money
from wareflow_kit.refusals import Conflict


class RefundDueDiffers(Conflict):
    """This refund was asked for before, with another amount or for another order."""


class RefundStatus(StrEnum):
    """Where a refund stands."""

    DUE = "due"
    """Asked for; the gateway has none yet."""
    PENDING = "pending"
    """At the gateway, on its way."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """Refused, or it came back; somebody has to look at it."""


class RefundFact(StrEnum):
    """What a refund may learn."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"


S, F = RefundStatus, RefundFact
NEXT: dict[RefundStatus, dict[RefundFact, RefundStatus]] = {
    S.DUE: {
        F.PENDING: S.PENDING,
        F.SUCCEEDED: S.SUCCEEDED,
        F.FAILED: S.FAILED,
        F.REFUSED: S.FAILED,
    },
    S.PENDING: {
        F.PENDING: S.PENDING,
        F.SUCCEEDED: S.SUCCEEDED,
        F.FAILED: S.FAILED,
        F.REFUSED: S.PENDING,  # it exists, so the refusal was of something else
    },
    S.SUCCEEDED: {
        F.PENDING: S.SUCCEEDED,
        F.SUCCEEDED: S.SUCCEEDED,
        F.FAILED: S.FAILED,  # the customer's bank sent the money back
        F.REFUSED: S.SUCCEEDED,
    },
    S.FAILED: dict.fromkeys(RefundFact, S.FAILED),
}
"""The total state table: every status and every fact, "nothing to do" included."""

_FACTS = {
    RefundState.PENDING: F.PENDING,
    RefundState.SUCCEEDED: F.SUCCEEDED,
    RefundState.FAILED: F.FAILED,
}
_MOST_DOUBLINGS = 10
LATE_CAPTURE = "late_capture"
"""The reason of a refund that no order asks for."""


def late_refund_id(payment_id: UUID) -> UUID:
    """The id of the refund of money that came after a void: there is one per payment."""
    return id_from(payment_id, LATE_CAPTURE)


class Refund(Base):
    """Money of a payment that goes back; `id` is the `refund_id` of the `RefundDue`."""

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("gateway_id"),
        CheckConstraint(one_of("status", RefundStatus), name="status_known"),
        CheckConstraint("amount > 0", name="amount_positive"),
        Index(None, "order_id"),
        Index(None, "status", "id"),
        Index(None, "look_at", postgresql_where=text("look_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    amount: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str]
    status: Mapped[RefundStatus] = mapped_column(Word(RefundStatus))
    gateway_id: Mapped[str | None]
    code: Mapped[str | None]
    message: Mapped[str | None]
    look_at: Mapped[datetime | None]
    looks: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def money(self) -> Money:
        """What goes back."""
        return Money(amount=self.amount, currency=self.currency)

    @classmethod
    def ask(
        cls, payment: Payment, *, refund_id: UUID, amount: Money, reason: str, now: datetime
    ) -> tuple["Refund", RefundFailed | None]:
        """A refund of `payment`, and the answer when it cannot be: more than was taken."""
        refund = cls(
            id=refund_id, order_id=payment.order_id, payment_id=payment.id, amount=amount.amount,
            currency=amount.currency, reason=reason, status=S.DUE, looks=0, created_at=now,
            updated_at=now,
        )  # fmt: skip
        if amount.currency != payment.currency:
            return refund, refund._give_up("wrong_currency", f"taken in {payment.currency}")
        if amount.amount > payment.refundable:
            left = f"{payment.refundable} {payment.currency} minor units may still go back"
            return refund, refund._give_up("exceeds_captured", left)
        payment.pending_refund += refund.amount
        return refund, None

    def see(
        self, payment: Payment, told: GatewayRefund, *, now: datetime, look_after: timedelta
    ) -> PaymentRefunded | RefundFailed | None:
        """Apply what the gateway says; what there is to tell, if that decided the refund."""
        if told.amount != self.money or self.gateway_id not in (None, told.id):
            raise Contradiction(f"{told.id} is not refund {self.id}")
        self.gateway_id = told.id
        was = self._move(_FACTS[told.state], now=now)
        if self.status is S.PENDING:
            self.look_at = self.look_at or now + look_after
        if self.status is was or self.status is S.PENDING:
            return None
        self.look_at = None
        if self.status is S.SUCCEEDED:
            payment.pending_refund -= self.amount
            payment.refunded += self.amount
            return self._told_of(payment, now=now)
        if was is S.SUCCEEDED:
            payment.refunded -= self.amount
        else:
            payment.pending_refund -= self.amount
        return self._give_up(told.failure_code or "failed", "the gateway could not pay it out")

    @classmethod
    def recalled(
        cls, payment: Payment, told: PaymentRefunded | RefundFailed, *, at: datetime
    ) -> "Refund":
        """A refund of which only the end is known; `recall` it next."""
        is_late = told.refund_id == late_refund_id(payment.id)
        payment.pending_refund += told.amount.amount
        return cls(
            id=told.refund_id, order_id=payment.order_id, payment_id=payment.id,
            amount=told.amount.amount, currency=told.amount.currency,
            reason=LATE_CAPTURE if is_late else "", status=S.DUE, looks=0, created_at=at,
            updated_at=at,
        )  # fmt: skip

    def recall(
        self, payment: Payment, told: PaymentRefunded | RefundFailed, *, at: datetime
    ) -> None:
        """Be what was told of it before a restored database forgot it."""
        was = self.status
        payment.pending_refund -= self.amount if was in (S.DUE, S.PENDING) else 0
        payment.refunded -= self.amount if was is S.SUCCEEDED else 0
        self.look_at, self.updated_at = None, at
        if isinstance(told, PaymentRefunded):
            self.status = S.SUCCEEDED
            payment.refunded += self.amount
        else:
            self.status, self.code, self.message = S.FAILED, told.code, told.message

    def refuse(
        self, payment: Payment, *, code: str, message: str, now: datetime
    ) -> RefundFailed | None:
        """The gateway will not refund; None when that no longer matters."""
        was = self._move(F.REFUSED, now=now)
        if self.status is was:
            return None
        payment.pending_refund -= self.amount
        return self._give_up(code, message)

    def looked(self, *, now: datetime, look_after: timedelta) -> None:
        """It is being looked up: the next time later, twice as long each time."""
        self.looks += 1
        self.look_at = now + look_after * 2 ** min(self.looks, _MOST_DOUBLINGS)

    def _move(self, fact: RefundFact, *, now: datetime) -> RefundStatus:
        was, self.status = self.status, NEXT[self.status][fact]
        if self.status is not was:
            self.updated_at = now
        return was

    def _told_of(self, payment: Payment, *, now: datetime) -> PaymentRefunded:
        return PaymentRefunded(
            order_id=self.order_id,
            payment_id=self.payment_id,
            refund_id=self.id,
            amount=self.money,
            refunded=Money(amount=payment.refunded, currency=payment.currency),
            refunded_at=now,
        )

    def _give_up(self, code: str, message: str) -> RefundFailed:
        self.status, self.code, self.message = S.FAILED, code, message
        return RefundFailed(
            order_id=self.order_id,
            payment_id=self.payment_id,
            refund_id=self.id,
            amount=self.money,
            code=code,
            message=message,
        )
