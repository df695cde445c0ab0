"""A refund: money on its way back."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from wareflow_sandbox.model.base import Rendered, Resource, SortedText, reference
from wareflow_sandbox.model.event import Told
from wareflow_sandbox.model.ids import unix


class Refund(Resource):
    """`pending`, `succeeded` or `failed`; one that fails later has been `succeeded` before."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_is_positive"),
        CheckConstraint("status in ('pending', 'succeeded', 'failed')", name="status_is_known"),
        Index(None, "charge"),
        Index(None, "payment_intent"),
        Index(
            "refund_settles_at_idx", "settles_at", postgresql_where=text("settles_at is not null")
        ),
    )
    PREFIX: ClassVar = "re"
    OBJECT: ClassVar = "refund"

    charge: Mapped[str] = mapped_column(SortedText, reference("charge.id"))
    payment_intent: Mapped[str] = mapped_column(SortedText)
    amount: Mapped[int]
    currency: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str | None]
    method_type: Mapped[str]
    balance_transaction: Mapped[str | None]
    failure_balance_transaction: Mapped[str | None]
    failure_reason: Mapped[str | None]
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata")
    created: Mapped[datetime]
    settles_at: Mapped[datetime | None]
    """When the bank has more to say about it."""

    def begin(self) -> Told:
        """It was asked for."""
        return Told("refund.created", self)

    def update(self, metadata: dict[str, str]) -> Told:
        """Its notes changed."""
        before: Rendered = {"metadata": self.metadata_}
        self.metadata_ = metadata
        return Told("refund.updated", self, before)

    def arrive(self) -> Told:
        """The pending money has arrived."""
        self.settles_at = None
        self.status = "succeeded"
        return Told("refund.updated", self, {"status": "pending"})

    def bounce(self, *, balance_transaction: str) -> Told:
        """The bank sent the money back."""
        self.settles_at = None
        self.status = "failed"
        self.failure_reason = "expired_or_canceled_card"
        self.failure_balance_transaction = balance_transaction
        return Told("refund.failed", self)

    def rendered(self) -> Rendered:
        rendered: Rendered = {
            "id": self.id,
            "object": self.OBJECT,
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "charge": self.charge,
            "created": unix(self.created),
            "currency": self.currency,
            "customer": None,
            "customer_account": None,
            "destination_details": {
                self.method_type: {"type": "refund"} if self.method_type == "card" else {},
                "type": self.method_type,
            },
            "metadata": self.metadata_,
            "payment_intent": self.payment_intent,
            "payment_method": None,
            "reason": self.reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": self.status,
            "transfer_reversal": None,
        }
        # Stripe leaves these out where they do not apply.
        if self.status == "pending":
            rendered["pending_reason"] = "processing"
        if self.status == "failed":
            rendered["failure_reason"] = self.failure_reason
            rendered["failure_balance_transaction"] = self.failure_balance_transaction
        return rendered
