"""A payment intent: one thing to be paid, through as many attempts as it takes."""

from datetime import datetime
from typing import ClassVar, Literal

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from wareflow_sandbox.model.base import Rendered, Resource
from wareflow_sandbox.model.errors import BadParameter, Declined, Refused
from wareflow_sandbox.model.event import Told
from wareflow_sandbox.model.ids import unix
from wareflow_sandbox.model.instruments import Decline
from wareflow_sandbox.model.payment_method import PaymentMethod

CaptureMethod = Literal["automatic", "automatic_async", "manual"]

CANCELLABLE = (
    "requires_payment_method",
    "requires_capture",
    "requires_confirmation",
    "requires_action",
)
CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
STATUSES = (*CANCELLABLE, "processing", "canceled", "succeeded")

_PUBLIC = (
    "id", "object", "amount", "amount_details", "automatic_payment_methods", "canceled_at",
    "cancellation_reason", "capture_method", "client_secret", "confirmation_method", "created",
    "currency", "description", "last_payment_error", "livemode", "next_action", "payment_method",
    "payment_method_configuration_details", "payment_method_types", "processing", "receipt_email",
    "setup_future_usage", "shipping", "source", "status",
)  # fmt: skip
"""What a browser may see of an intent."""


class PaymentIntent(Resource):
    """Its row is locked by every verb that changes the intent, its charge or their refunds."""

    __tablename__ = "payment_intent"
    __table_args__ = (
        CheckConstraint(
            f"status in ({', '.join(repr(status) for status in STATUSES)})", name="status_is_known"
        ),
        CheckConstraint("amount > 0", name="amount_is_positive"),
        CheckConstraint("amount_received <= amount", name="received_within_amount"),
        CheckConstraint(
            "(status = 'succeeded') = (amount_received > 0)", name="succeeded_is_received"
        ),
        Index(
            "payment_intent_settles_at_idx",
            "settles_at",
            postgresql_where=text("settles_at is not null"),
        ),
    )
    PREFIX: ClassVar = "pi"
    OBJECT: ClassVar = "payment_intent"

    status: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    amount_capturable: Mapped[int]
    amount_received: Mapped[int]
    capture_method: Mapped[str]
    client_secret: Mapped[str]
    latest_charge: Mapped[str | None]
    payment_method: Mapped[str | None]
    automatic_payment_methods: Mapped[Rendered | None]
    payment_method_types: Mapped[list[str]]
    payment_method_options: Mapped[Rendered]
    last_payment_error: Mapped[Rendered | None]
    next_action: Mapped[Rendered | None]
    return_url: Mapped[str | None]
    cancellation_reason: Mapped[str | None]
    canceled_at: Mapped[datetime | None]
    description: Mapped[str | None]
    receipt_email: Mapped[str | None]
    setup_future_usage: Mapped[str | None]
    shipping: Mapped[Rendered | None]
    statement_descriptor: Mapped[str | None]
    statement_descriptor_suffix: Mapped[str | None]
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata")
    created: Mapped[datetime]
    settles_at: Mapped[datetime | None]
    """When the bank has more to say about a payment in processing."""

    def begin(self) -> Told:
        """It was asked for."""
        return Told("payment_intent.created", self)

    @property
    def captures_by_hand(self) -> bool:
        """Whether money is only held until somebody captures it."""
        return self.capture_method == "manual"

    def refuse_unless_confirmable(self) -> None:
        """`Refused` when no attempt may be made (any more)."""
        if self.status == "succeeded":
            raise self._unexpected(
                "You cannot confirm this PaymentIntent because it has already succeeded after"
                " being previously confirmed."
            )
        if self.status not in CONFIRMABLE:
            raise self._unexpected(
                f"You cannot confirm this PaymentIntent because it has a status of {self.status}."
                " Only a PaymentIntent with one of the following statuses may be confirmed:"
                f" {', '.join(CONFIRMABLE)}."
            )

    def refuse_without_method(self) -> None:
        """`Refused` when nobody said how to pay."""
        if self.payment_method is None:
            raise self._unexpected(
                "You cannot confirm this PaymentIntent because it's missing a payment method. You"
                " can either update the PaymentIntent with a payment method and then confirm it"
                " again, or confirm it again directly with a payment method or ConfirmationToken."
            )

    def refuse_without_return_url(self, return_url: str | None) -> None:
        """`BadParameter` when methods that redirect are allowed and there is no way back."""
        automatic = self.automatic_payment_methods
        if automatic is None or automatic.get("allow_redirects") == "never":
            return
        if return_url is None and self.return_url is None:
            raise BadParameter(
                "This PaymentIntent is configured to accept payment methods enabled in your"
                " Dashboard. Because some of these payment methods might redirect your customer off"
                " of your page, you must provide a `return_url`. If you don't want to accept"
                " redirect-based payment methods, set `automatic_payment_methods[enabled]` to"
                " `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating"
                " Setup Intents and Payment Intents.",
                param="return_url",
            )

    def require_action(self, *, page: str, in_browser: bool) -> Told:
        """The bank wants to see the customer: a redirect when there is a way back, else the SDK's
        affair. `page` is where the customer says yes or no."""
        self.status = "requires_action"
        self.last_payment_error = None
        if self.return_url is not None and not in_browser:
            self.next_action = {
                "type": "redirect_to_url",
                "redirect_to_url": {"url": page, "return_url": self.return_url},
            }
        else:
            self.next_action = {
                "type": "use_stripe_sdk",
                "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page},
            }
        return Told("payment_intent.requires_action", self)

    def process(self, *, charge: str, settles_at: datetime | None) -> Told:
        """The bank takes its time; `settles_at` is None when it never answers."""
        self.status = "processing"
        self._attempted(charge)
        self.settles_at = settles_at
        return Told("payment_intent.processing", self)

    def hold(self, *, charge: str) -> Told:
        """The bank holds the money until somebody captures it."""
        self.status = "requires_capture"
        self._attempted(charge)
        self.amount_capturable = self.amount
        return Told("payment_intent.amount_capturable_updated", self)

    def succeed(self, *, charge: str, received: int) -> Told:
        """The money is here."""
        self.status = "succeeded"
        self._attempted(charge)
        self.amount_received = received
        self.amount_capturable = 0
        return Told("payment_intent.succeeded", self)

    def _attempted(self, charge: str) -> None:
        self.latest_charge = charge
        self.last_payment_error = None
        self.next_action = None
        self.settles_at = None

    def fail(self, decline: Decline, *, charge: str | None, method: PaymentMethod) -> Told:
        """The attempt failed; the customer may try again, with another method."""
        self.status = "requires_payment_method"
        self.latest_charge = charge or self.latest_charge
        self.payment_method = None
        self.next_action = None
        self.settles_at = None
        error = Declined(
            decline.message,
            code=decline.code,
            decline_code=decline.decline_code,
            payment_method=method.rendered(),
            **({"charge": charge} if charge else {}),
        )
        self.last_payment_error = error.error
        return Told("payment_intent.payment_failed", self)

    def refuse_unless_cancellable(self) -> None:
        """`Refused` when money was taken, is on its way, or the intent is cancelled already."""
        if self.status not in CANCELLABLE:
            raise self._unexpected(
                f"You cannot cancel this PaymentIntent because it has a status of {self.status}."
                " Only a PaymentIntent with one of the following statuses may be canceled:"
                f" {', '.join(CANCELLABLE)}."
            )

    def cancel(self, *, reason: str | None, now: datetime) -> Told:
        """Nobody can pay it any more."""
        self.refuse_unless_cancellable()
        self.status = "canceled"
        self.cancellation_reason = reason
        self.canceled_at = now
        self.amount_capturable = 0
        self.next_action = None
        return Told("payment_intent.canceled", self)

    def capturable(self, amount: int | None) -> int:
        """How much a capture of `amount` (None: all) takes; `Refused` when it may not."""
        if self.status != "requires_capture":
            raise self._unexpected(
                "This PaymentIntent could not be captured because it has a status of"
                f" {self.status}. Only a PaymentIntent with one of the following statuses may be"
                " captured: requires_capture."
            )
        wanted = self.amount_capturable if amount is None else amount
        if not 0 < wanted <= self.amount_capturable:
            raise Refused(
                f"The amount to capture has to be between 1 and {self.amount_capturable}, the"
                " amount that can be captured.",
                code="amount_too_large" if wanted > 0 else "amount_too_small",
                param="amount_to_capture",
            )
        return wanted

    def reprice(self, amount: int) -> None:
        """Another amount, before any attempt is under way."""
        if amount != self.amount and self.status not in CONFIRMABLE:
            raise self._unexpected(
                f"This PaymentIntent's amount could not be updated because it has a status of"
                f" {self.status}. You may only update the amount of a PaymentIntent with one of the"
                f" following statuses: {', '.join(CONFIRMABLE)}."
            )
        self.amount = amount

    def _unexpected(self, message: str) -> Refused:
        return Refused(
            message, code="payment_intent_unexpected_state", payment_intent=self.rendered()
        )

    def rendered(self) -> Rendered:
        return {
            "id": self.id,
            "object": self.OBJECT,
            "amount": self.amount,
            "amount_capturable": self.amount_capturable,
            "amount_details": {"tip": {}},
            "amount_received": self.amount_received,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": self.automatic_payment_methods,
            "canceled_at": None if self.canceled_at is None else unix(self.canceled_at),
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret,
            "confirmation_method": "automatic",
            "created": unix(self.created),
            "currency": self.currency,
            "customer": None,
            "customer_account": None,
            "description": self.description,
            "excluded_payment_method_types": None,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": False,
            "managed_payments": {"enabled": False},
            "metadata": self.metadata_,
            "next_action": self.next_action,
            "on_behalf_of": None,
            "payment_method": self.payment_method,
            "payment_method_configuration_details": None,
            "payment_method_options": self.payment_method_options,
            "payment_method_types": self.payment_method_types,
            "processing": None,
            "receipt_email": self.receipt_email,
            "review": None,
            "setup_future_usage": self.setup_future_usage,
            "shipping": self.shipping,
            "source": None,
            "statement_descriptor": self.statement_descriptor,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            "status": self.status,
            "transfer_data": None,
            "transfer_group": None,
        }


def public_part(rendered: Rendered) -> Rendered:
    """What a browser may see of an intent, with a publishable key and the client secret."""
    return {name: rendered[name] for name in _PUBLIC}
