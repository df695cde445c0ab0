"""Webhooks: believed when Stripe's own library would believe them, and kept without people."""

import json
from datetime import timedelta
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from payments.gateways.stripe_webhooks import StripeWebhooks
from payments.model.intent import Declined
from payments.model.webhook import ForgedWebhook, Subject, WrongMode
from payments.testing import A_DAY

SECRET = "whsec_of_today"
NOW = int(A_DAY.timestamp())
WEBHOOKS = StripeWebhooks(
    [SECRET, "whsec_of_yesterday"], livemode=False, tolerance=timedelta(seconds=300)
)


def a_body(kind: str = "payment_intent.succeeded", **more: Any) -> bytes:
    subject = {"id": "pi_1", "object": "payment_intent", "amount": 1899, **more.pop("object", {})}
    event = {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": NOW,
        "livemode": False,
        "data": {"object": subject},
        **more,
    }
    return json.dumps(event).encode()


def signed(body: bytes, *, secret: str = SECRET, at: int = NOW) -> str:
    sign: Any = stripe.WebhookSignature.generate_signature_header  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return sign(body.decode(), secret, at)


@pytest.mark.parametrize("secret", [SECRET, "whsec_of_yesterday"])
def test_a_webhook_that_stripes_library_signs_is_believed(secret: str) -> None:
    body = a_body()
    notice = WEBHOOKS.open(body, signature=signed(body, secret=secret), now=A_DAY)
    assert (notice.id, notice.subject, notice.subject_id) == ("evt_1", Subject.INTENT, "pi_1")


def test_one_good_signature_of_several_is_enough() -> None:
    body = a_body()
    good = signed(body)
    header = good.replace(",v1=", ",v0=old,v1=bad,v1=")
    assert WEBHOOKS.open(body, signature=header, now=A_DAY).id == "evt_1"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=1",
        "v1=abc",
        "t=x,v1=abc",
        "t=,v1=abc",
        "t=²,v1=abc",
        f"t={NOW},v1=",
        f"t={NOW},v1=äöü",
        f"t={NOW},t={NOW},v1=abc",
        "nonsense",
        ",,,",
        f"t={NOW},v1=" + "0" * 64,
    ],
)
def test_a_forged_signature_is_refused(header: str | None) -> None:
    with pytest.raises(ForgedWebhook):
        _ = WEBHOOKS.open(a_body(), signature=header, now=A_DAY)


def test_a_body_that_was_changed_is_refused() -> None:
    body = a_body()
    with pytest.raises(ForgedWebhook):
        _ = WEBHOOKS.open(body.replace(b"1899", b"1"), signature=signed(body), now=A_DAY)


def test_a_secret_of_somebody_else_is_refused() -> None:
    body = a_body()
    with pytest.raises(ForgedWebhook):
        _ = WEBHOOKS.open(body, signature=signed(body, secret="whsec_other"), now=A_DAY)


@pytest.mark.parametrize(
    ("age", "believed"), [(300, True), (301, False), (-300, True), (-301, False)]
)
def test_a_webhook_is_believed_within_five_minutes(age: int, believed: bool) -> None:
    body = a_body()
    header = signed(body, at=NOW - age)
    if believed:
        assert WEBHOOKS.open(body, signature=header, now=A_DAY).id == "evt_1"
    else:
        with pytest.raises(ForgedWebhook):
            _ = WEBHOOKS.open(body, signature=header, now=A_DAY)


@given(body=st.binary(max_size=200), header=st.text(max_size=100))
def test_nothing_but_a_refusal_comes_of_any_bytes(body: bytes, header: str) -> None:
    with pytest.raises(ForgedWebhook):
        _ = WEBHOOKS.open(body, signature=header, now=A_DAY)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'{"id": 1}', b"\xff"])
def test_what_is_signed_and_no_event_is_refused(body: bytes) -> None:
    import hashlib
    import hmac

    digest = hmac.new(SECRET.encode(), f"{NOW}.".encode() + body, hashlib.sha256).hexdigest()
    with pytest.raises(ForgedWebhook):
        _ = WEBHOOKS.open(body, signature=f"t={NOW},v1={digest}", now=A_DAY)


def test_a_webhook_of_the_other_mode_is_refused() -> None:
    body = a_body(livemode=True)
    with pytest.raises(WrongMode):
        _ = WEBHOOKS.open(body, signature=signed(body), now=A_DAY)


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("payment_intent.succeeded", Subject.INTENT),
        ("payment_intent.canceled", Subject.INTENT),
        ("refund.updated", Subject.REFUND),
        ("payment_intent.created", Subject.NOTHING),
        ("customer.created", Subject.NOTHING),
        ("a.type.of.tomorrow", Subject.NOTHING),
    ],
)
def test_a_type_says_what_is_to_be_read_again(kind: str, subject: Subject) -> None:
    body = a_body(kind)
    notice = WEBHOOKS.open(body, signature=signed(body), now=A_DAY)
    assert notice.subject is subject
    assert (notice.subject_id is None) == (subject is Subject.NOTHING)


def test_a_failed_attempt_is_taken_from_the_webhook_that_tells_of_it() -> None:
    error = {"code": "card_declined", "decline_code": "lost_card", "charge": "ch_1"}
    body = a_body("payment_intent.payment_failed", object={"last_payment_error": error})
    notice = WEBHOOKS.open(body, signature=signed(body), now=A_DAY)
    assert notice.declined == Declined("ch_1", "card_declined", "lost_card")


def test_nobody_is_found_in_what_is_kept() -> None:
    person = {
        "billing_details": {"name": "Grace Hopper", "email": "grace@example.com"},
        "shipping": {"name": "Grace Hopper", "address": {"line1": "1 Main Street"}},
        "receipt_email": "grace@example.com",
        "metadata": {"order_id": "o1", "note": "for Grace"},
        "payment_method_details": {"card": {"last4": "4242"}},
    }
    body = a_body("charge.succeeded", object=person, request={"id": "req_1"})
    kept = json.dumps(WEBHOOKS.open(body, signature=signed(body), now=A_DAY).summary)
    assert "order_id" in kept
    assert not [word for word in ("Grace", "grace", "Main", "4242") if word in kept]
