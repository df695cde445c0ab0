"""A charge: one attempt at the bank, and what became of its money."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from wareflow_sandbox.model.base import Rendered, Resource, SortedText, reference
from wareflow_sandbox.model.currency import shown
from wareflow_sandbox.model.errors import Refused
from wareflow_sandbox.model.event import Told
from wareflow_sandbox.model.ids import unix
from wareflow_sandbox.model.instruments import Decline
from wareflow_sandbox.model.payment_method import NOBODY, PaymentMethod


class Charge(Resource):
    """An attempt to take money: `pending`, `succeeded` (taken or only held) or `failed`."""

    __tablename__ = "charge"
    __table_args__ = (
        CheckConstraint("status in ('pending', 'succeeded', 'failed')", name="status_is_known"),
        CheckConstraint("amount_captured <= amount", name="captured_within_amount"),
        CheckConstraint(
            "amount_refunded >= 0 and amount_refunded <= amount_captured",
            name="refunded_within_captured",
        ),
        CheckConstraint("captured = (amount_captured > 0)", name="captured_is_some_money"),
        # The last line of "no double charge": an intent has one charge that is not failed.
        Index(
            "charge_one_live_of_an_intent",
            "payment_intent",
            unique=True,
            postgresql_where=text("status <> 'failed'"),
        ),
        Index(None, "payment_intent"),
    )
    PREFIX: ClassVar = "ch"
    OBJECT: ClassVar = "charge"

    payment_intent: Mapped[str] = mapped_column(SortedText, reference("payment_intent.id"))
    payment_method: Mapped[str]
    instrument: Mapped[str]
    """The token of the test instrument, whose script refunds follow too."""
    method_type: Mapped[str]
    method_details: Mapped[Rendered]
    amount: Mapped[int]
    currency: Mapped[str]
    amount_captured: Mapped[int]
    amount_refunded: Mapped[int]
    status: Mapped[str]
    captured: Mapped[bool]
    released: Mapped[bool]
    """Held money that was let go without being taken."""
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    outcome: Mapped[Rendered | None]
    balance_transaction: Mapped[str | None]
    description: Mapped[str | None]
    receipt_email: Mapped[str | None]
    statement_descriptor_suffix: Mapped[str | None]
    shipping: Mapped[Rendered | None]
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata")
    created: Mapped[datetime]

    def approve(self, *, capture: bool, balance_transaction: str | None) -> Told:
        """The bank says yes; the money is taken, or held until it is captured."""
        self.status = "succeeded"
        self.outcome = _outcome("authorized", seller_message="Payment complete.")
        if capture:
            self._take(self.amount, balance_transaction)
        return Told("charge.succeeded", self)

    def wait(self) -> Told:
        """The bank takes its time."""
        self.status = "pending"
        self.outcome = _outcome("authorized", seller_message="Payment complete.")
        return Told("charge.pending", self)

    def fail(self, decline: Decline) -> Told:
        """The bank says no."""
        self.status = "failed"
        self.failure_code = decline.code
        self.failure_message = decline.message
        blocked = decline.reason is not None
        self.outcome = _outcome(
            "blocked" if blocked else "issuer_declined",
            reason=decline.reason or decline.decline_code,
            seller_message="Stripe blocked this payment as too risky."
            if blocked
            else "The bank did not return any further details with this decline.",
        )
        return Told("charge.failed", self)

    def capture(self, amount: int, *, balance_transaction: str) -> Told:
        """Take held money, all of it or a part; the rest is let go."""
        self._take(amount, balance_transaction)
        before: Rendered = {"amount_captured": 0, "balance_transaction": None, "captured": False}
        return Told("charge.captured", self, before)

    def release(self) -> None:
        """Let held money go; the intent that is cancelled tells it."""
        self.released = True

    def _take(self, amount: int, balance_transaction: str | None) -> None:
        self.captured = True
        self.amount_captured = amount
        self.balance_transaction = balance_transaction

    def refundable(self, amount: int | None) -> int:
        """How much a refund of `amount` (None: the rest) gives back; `Refused` when it may not."""
        if not self.captured:
            raise Refused(f"Charge {self.id} has not been captured and has nothing to refund.")
        left = self.amount_captured - self.amount_refunded
        if left == 0:
            raise Refused(
                f"Charge {self.id} has already been refunded.", code="charge_already_refunded"
            )
        wanted = left if amount is None else amount
        if wanted > left:
            raise Refused(
                f"Refund amount ({shown(wanted, self.currency)}) is greater than unrefunded amount"
                f" on charge ({shown(left, self.currency)})",
                param="amount",
            )
        return wanted

    def refund(self, amount: int) -> Told:
        """Money goes back; never more than was taken."""
        before: Rendered = {"amount_refunded": self.amount_refunded, "refunded": self.refunded}
        self.amount_refunded += amount
        return Told("charge.refunded", self, before)

    def take_back(self, amount: int) -> None:
        """A refund failed, so its money is here again."""
        self.amount_refunded -= amount

    @property
    def refunded(self) -> bool:
        """Whether all of it went back."""
        return self.released or 0 < self.amount_captured == self.amount_refunded

    def rendered(self) -> Rendered:
        return {
            "id": self.id,
            "object": self.OBJECT,
            "amount": self.amount,
            "amount_captured": self.amount_captured,
            "amount_refunded": self.amount if self.released else self.amount_refunded,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": self.balance_transaction,
            "billing_details": NOBODY,
            "calculated_statement_descriptor": self._on_statement(),
            "captured": self.captured,
            "created": unix(self.created),
            "currency": self.currency,
            "customer": None,
            "description": self.description,
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": self.failure_code,
            "failure_message": self.failure_message,
            "fraud_details": {},
            "livemode": False,
            "metadata": self.metadata_,
            "on_behalf_of": None,
            "outcome": self.outcome,
            "paid": self.status == "succeeded",
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "payment_method_details": {
                self.method_type: self.method_details,
                "type": self.method_type,
            },
            "receipt_email": self.receipt_email,
            "receipt_number": None,
            "receipt_url": None,
            "refunded": self.refunded,
            "review": None,
            "shipping": self.shipping,
            "source_transfer": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            "status": self.status,
            "transfer_data": None,
            "transfer_group": None,
        }

    def _on_statement(self) -> str:
        suffix = self.statement_descriptor_suffix
        return f"WAREFLOW* {suffix}" if suffix else "WAREFLOW SANDBOX"


def _outcome(kind: str, *, seller_message: str, reason: str | None = None) -> Rendered:
    network = {
        "authorized": "approved_by_network",
        "issuer_declined": "declined_by_network",
        "blocked": "not_sent_to_network",
    }[kind]
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network,
        "reason": reason,
        "risk_level": "highest" if kind == "blocked" else "normal",
        "risk_score": 92 if kind == "blocked" else 20,
        "seller_message": seller_message,
        "type": kind,
    }


def details_of(method: PaymentMethod, *, amount: int, authenticated: bool) -> Rendered:
    """What a charge says of the card or account it was made with."""
    if method.type != "card":
        return {**method.account(), "mandate": None}
    secure = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": None,
        "version": "2.2.0",
    }
    return {
        **method.card(),
        "amount_authorized": amount,
        "authorization_code": None,
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": method.instrument.brand,
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "three_d_secure": secure if authenticated else None,
        "transaction_link_id": None,
    }
