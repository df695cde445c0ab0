"""Stripe's objects, as far as we read them, translated into our words."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from payments.gateways.stripe_money import from_stripe
from payments.model.intent import (
    Charge,
    Declined,
    GatewayRefund,
    Intent,
    IntentState,
    RefundState,
)

_INTENT_STATES = {
    "requires_payment_method": IntentState.ALIVE,
    "requires_confirmation": IntentState.ALIVE,
    "requires_action": IntentState.ALIVE,
    "requires_capture": IntentState.ALIVE,
    "processing": IntentState.PROCESSING,
    "succeeded": IntentState.CAPTURED,
    "canceled": IntentState.CANCELLED,
}
_REFUND_STATES = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}


class _Card(BaseModel):
    brand: str | None = None
    country: str | None = None


class _MethodDetails(BaseModel):
    type: str
    card: _Card | None = None
    sepa_debit: _Card | None = None
    us_bank_account: _Card | None = None


class _Charge(BaseModel):
    id: str
    created: int
    payment_method_details: _MethodDetails | None = None


class _Named(BaseModel):
    id: str | None = None


class PaymentError(BaseModel):
    """`last_payment_error` of an intent."""

    type: str = "api_error"
    code: str | None = None
    decline_code: str | None = None
    charge: str | None = None
    payment_method: _Named | None = None

    def declined(self, intent_id: str) -> Declined:
        """The failed attempt; without a charge (a failed authentication) known by its method."""
        method = self.payment_method.id if self.payment_method else None
        code = self.code or self.type
        return Declined(self.charge or f"{intent_id}/{method}/{code}", code, self.decline_code)


class _Intent(BaseModel):
    id: str
    status: str
    amount: int
    amount_received: int = 0
    currency: str
    livemode: bool
    client_secret: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    latest_charge: _Charge | str | None = None
    last_payment_error: PaymentError | None = None


class _Refund(BaseModel):
    id: str
    status: str
    amount: int
    currency: str
    payment_intent: str | None = None
    metadata: dict[str, str] | None = None
    failure_reason: str | None = None


def intent_of(raw: dict[str, Any]) -> Intent:
    """A PaymentIntent, with its `latest_charge` expanded where that matters."""
    seen = _Intent.model_validate(raw)
    state = _INTENT_STATES[seen.status]
    captured = state is IntentState.CAPTURED
    error = seen.last_payment_error
    return Intent(
        id=seen.id,
        state=state,
        amount=from_stripe(seen.amount_received if captured else seen.amount, seen.currency),
        livemode=seen.livemode,
        order_id=_id(seen.metadata.get("order_id")),
        payment_id=_id(seen.metadata.get("payment_id")),
        client_secret=seen.client_secret,
        charge=_charge_of(seen.latest_charge) if captured else None,
        declined=error.declined(seen.id) if error else None,
    )


def refund_of(raw: dict[str, Any]) -> GatewayRefund:
    """A Refund."""
    seen = _Refund.model_validate(raw)
    notes = seen.metadata or {}
    return GatewayRefund(
        id=seen.id,
        state=_REFUND_STATES[seen.status],
        amount=from_stripe(seen.amount, seen.currency),
        intent_id=seen.payment_intent,
        order_id=_id(notes.get("order_id")),
        refund_id=_id(notes.get("refund_id")),
        failure_code=seen.failure_reason,
    )


def declined_of(raw: object, intent_id: str) -> Declined | None:
    """The failed attempt in a `last_payment_error`; None when there is none, or no sense in it."""
    if not isinstance(raw, dict):
        return None
    try:
        return PaymentError.model_validate(raw).declined(intent_id)
    except ValidationError:
        return None


def _charge_of(raw: _Charge | str | None) -> Charge | None:
    if not isinstance(raw, _Charge):
        return None
    details = raw.payment_method_details or _MethodDetails(type="unknown")
    source = details.card or details.sepa_debit or details.us_bank_account or _Card()
    at = datetime.fromtimestamp(raw.created, UTC)
    return Charge(details.type, source.brand, source.country, at)


def _id(text: str | None) -> UUID | None:
    # What others wrote on their objects under our names is not ours.
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
