"""Declines: each failed attempt once, and what the customer can do about it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from payments.model.base import Base


class NextStep(StrEnum):
    """What a customer whose payment was declined should do."""

    TRY_AGAIN = "try_again"
    """The same card may work in a moment."""
    CHECK_DATA = "check_data"
    """Something was typed wrongly, or the card has expired."""
    AUTHENTICATE = "authenticate"
    """The bank wants to see the customer."""
    OTHER_METHOD = "other_method"
    """This card will not do; another one may."""


# By what helps (docs.stripe.com/declines/codes).
_CHECK_DATA = {
    "expired_card", "incorrect_cvc", "incorrect_number", "incorrect_zip", "incorrect_address",
    "invalid_cvc", "invalid_expiry_month", "invalid_expiry_year", "invalid_number", "invalid_pin",
    "incorrect_pin",
}  # fmt: skip
_TRY_AGAIN = {
    "approve_with_id", "issuer_not_available", "processing_error", "reenter_transaction",
    "try_again_later", "lock_timeout",
}  # fmt: skip
_AUTHENTICATE = {
    "authentication_required", "authentication_not_handled", "offline_pin_required",
    "online_or_offline_pin_required", "payment_intent_authentication_failure",
}  # fmt: skip
_UNSAID = {
    "fraudulent", "highest_risk_level", "lost_card", "merchant_blacklist", "pickup_card",
    "restricted_card", "revocation_of_all_authorizations", "revocation_of_authorization",
    "security_violation", "stolen_card", "stop_payment_order", "suspected_fraud",
}  # fmt: skip
"""Reasons that a shopper must not read: they would tell a thief what is known."""


def next_step(code: str, decline_code: str | None) -> NextStep:
    """What helps after a decline, by Stripe's codes; another method if nothing else is known."""
    for said in (decline_code, code):
        if said in _CHECK_DATA:
            return NextStep.CHECK_DATA
        if said in _TRY_AGAIN:
            return NextStep.TRY_AGAIN
        if said in _AUTHENTICATE:
            return NextStep.AUTHENTICATE
    return NextStep.OTHER_METHOD


def sayable(decline_code: str | None) -> str | None:
    """The decline code as a shopper may read it."""
    return "generic_decline" if decline_code in _UNSAID else decline_code


class Decline(Base):
    """A failed attempt to pay; `id` is the gateway's id of the charge."""

    __tablename__ = "decline"
    __table_args__ = (Index(None, "order_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    code: Mapped[str]
    decline_code: Mapped[str | None]
    declined_at: Mapped[datetime]
