"""Stripe's objects in our words."""

from typing import Any
from uuid import uuid4

import pytest

from payments.gateways.stripe_shapes import declined_of, intent_of, refund_of
from payments.model.intent import Declined, IntentState, RefundState


def raw_intent(**more: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "status": "requires_payment_method",
        "amount": 1899,
        "amount_received": 0,
        "currency": "eur",
        "livemode": False,
        "client_secret": "pi_1_secret_x",
        "metadata": {},
        **more,
    }


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("requires_payment_method", IntentState.ALIVE),
        ("requires_confirmation", IntentState.ALIVE),
        ("requires_action", IntentState.ALIVE),
        ("requires_capture", IntentState.ALIVE),
        ("processing", IntentState.PROCESSING),
        ("canceled", IntentState.CANCELLED),
        ("succeeded", IntentState.CAPTURED),
    ],
)
def test_every_status_of_an_intent_has_a_meaning(status: str, state: IntentState) -> None:
    assert intent_of(raw_intent(status=status, amount_received=1899)).state is state


def test_a_captured_intent_says_what_was_received_and_how() -> None:
    details = {"type": "card", "card": {"brand": "visa", "country": "DE", "last4": "4242"}}
    charge = {"id": "ch_1", "created": 1_700_000_000, "payment_method_details": details}
    intent = intent_of(raw_intent(status="succeeded", amount_received=1000, latest_charge=charge))
    assert intent.amount.amount == 1000
    assert intent.charge is not None
    assert (intent.charge.method, intent.charge.brand, intent.charge.country) == (
        "card",
        "visa",
        "DE",
    )


def test_a_declined_attempt_is_known_by_its_charge() -> None:
    error = {"type": "card_error", "code": "card_declined", "charge": "ch_1", "message": "No."}
    assert intent_of(raw_intent(last_payment_error=error)).declined == Declined(
        "ch_1", "card_declined"
    )


def test_a_failed_authentication_without_a_charge_is_known_by_its_method() -> None:
    error = {
        "type": "card_error",
        "code": "payment_intent_authentication_failure",
        "payment_method": {"id": "pm_1"},
    }
    declined = declined_of(error, "pi_1")
    assert declined is not None
    assert declined.id == "pi_1/pm_1/payment_intent_authentication_failure"


def test_our_ids_are_read_back_and_those_of_others_are_not_ours() -> None:
    order_id, payment_id = uuid4(), uuid4()
    notes = {"order_id": str(order_id), "payment_id": str(payment_id)}
    ours = intent_of(raw_intent(metadata=notes))
    theirs = intent_of(raw_intent(metadata={"order_id": "1042"}))
    assert (ours.order_id, ours.payment_id) == (order_id, payment_id)
    assert (theirs.order_id, theirs.payment_id) == (None, None)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", RefundState.PENDING),
        ("requires_action", RefundState.PENDING),
        ("succeeded", RefundState.SUCCEEDED),
        ("failed", RefundState.FAILED),
        ("canceled", RefundState.FAILED),
    ],
)
def test_every_status_of_a_refund_has_a_meaning(status: str, state: RefundState) -> None:
    raw = {"id": "re_1", "status": status, "amount": 500, "currency": "eur", "metadata": None}
    assert refund_of(raw).state is state
