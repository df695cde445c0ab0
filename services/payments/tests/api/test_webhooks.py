"""`/payments/v1/webhooks`: stored before it is acknowledged, shown, and replayed."""

import json
from typing import Any
from uuid import uuid4

import pytest
import stripe

from payments.model.payment import Status
from payments.testing import Bench, Fault
from wareflow_kit.testing import client, staff_token

DOOR = "/payments/v1/webhooks/stripe"


def a_body(bench: Bench, *, webhook_id: str = "evt_1", livemode: bool = False) -> str:
    return json.dumps(
        {
            "id": webhook_id,
            "object": "event",
            "type": "payment_intent.succeeded",
            "created": int(bench.clock().timestamp()),
            "livemode": livemode,
            "data": {"object": {"id": "pi_1", "object": "payment_intent"}},
        }
    )


def signature(bench: Bench, body: str, *, age: int = 0, secret: str = "whsec_of_today") -> str:
    at = int(bench.clock().timestamp()) - age
    sign: Any = stripe.WebhookSignature.generate_signature_header  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return sign(body, secret, at)


async def test_a_signed_webhook_is_stored_then_acknowledged_then_applied(bench: Bench) -> None:
    payment = await bench.opened()
    _ = bench.gateway.pay("pi_1")
    body = a_body(bench)
    async with client(bench.service) as http:
        headers = {"Stripe-Signature": signature(bench, body)}
        first = await http.post(DOOR, content=body, headers=headers)
        again = await http.post(DOOR, content=body, headers=headers)
    assert (first.status_code, first.json()) == (200, {"received": True, "repeated": False})
    assert (again.status_code, again.json()) == (200, {"received": True, "repeated": True})
    assert (await bench.payment(payment.order_id)).status is Status.OPEN
    await bench.run("webhooks")
    assert (await bench.payment(payment.order_id)).status is Status.CAPTURED


@pytest.mark.parametrize(
    ("age", "secret", "livemode", "problem"),
    [
        (0, "whsec_of_mallory", False, "forged-webhook"),
        (301, "whsec_of_today", False, "forged-webhook"),
        (0, "whsec_of_today", True, "wrong-mode"),
    ],
    ids=["forged", "old", "of the other mode"],
)
async def test_a_webhook_that_is_not_to_be_believed_leaves_nothing(
    bench: Bench, age: int, secret: str, livemode: bool, problem: str
) -> None:
    body = a_body(bench, livemode=livemode)
    headers = {"Stripe-Signature": signature(bench, body, age=age, secret=secret)}
    async with client(bench.service) as http:
        answer = await http.post(DOOR, content=body, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, f"/problems/{problem}")
    assert await bench.rows("SELECT count(*) FROM webhook_event") == [(0,)]


async def test_a_webhook_without_a_signature_is_refused(bench: Bench) -> None:
    async with client(bench.service) as http:
        assert (await http.post(DOOR, content=a_body(bench))).status_code == 400


async def test_a_body_that_is_too_large_is_refused(bench: Bench) -> None:
    async with client(bench.service) as http:
        answer = await http.post(DOOR, content=b"x" * 1_048_577)
    assert answer.status_code == 413


async def test_what_fails_is_listed_and_a_replay_applies_it(bench: Bench) -> None:
    payment = await bench.opened()
    _ = bench.gateway.pay("pi_1")
    body = a_body(bench)
    bench.gateway.fail("retrieve_intent", Fault.TIMEOUT_BEFORE)
    staff = staff_token("payments:read", "payments:write")
    async with client(bench.service, token=staff) as http:
        headers = {"Stripe-Signature": signature(bench, body)}
        _ = await http.post(DOOR, content=body, headers=headers)
        await bench.run("webhooks")
        failing = (await http.get("/payments/v1/webhooks?failing=true")).json()["items"]
        assert [(each["id"], each["error"]) for each in failing] == [("evt_1", "timed out")]
        replayed = await http.post("/payments/v1/webhooks/evt_1/replay")
        await bench.run("webhooks")
        shown = (await http.get("/payments/v1/webhooks")).json()["items"]
    assert replayed.status_code == 202
    assert [(each["id"], each["error"]) for each in shown] == [("evt_1", None)]
    assert shown[0]["applied_at"] is not None
    assert (await bench.payment(payment.order_id)).status is Status.CAPTURED
    audit = await bench.rows("SELECT action, subject, actor FROM audit_entry")
    assert audit == [("webhook.replay", "webhook/evt_1", "ada")]


@pytest.mark.parametrize(
    ("token", "status"),
    [
        (None, 401),
        (staff_token("payments:read"), 403),
        (staff_token("payments:write"), 404),
    ],
)
async def test_a_replay_needs_the_scope_and_a_webhook(
    bench: Bench, token: str | None, status: int
) -> None:
    async with client(bench.service, token=token) as http:
        answer = await http.post(f"/payments/v1/webhooks/evt_{uuid4()}/replay")
    assert answer.status_code == status


async def test_webhooks_are_read_page_by_page(bench: Bench) -> None:
    async with client(bench.service, token=staff_token("payments:read")) as http:
        for number in range(3):
            body = a_body(bench, webhook_id=f"evt_{number}")
            headers = {"Stripe-Signature": signature(bench, body)}
            _ = await http.post(DOOR, content=body, headers=headers)
        first = (await http.get("/payments/v1/webhooks?limit=2")).json()
        query = {"limit": 2, "after": first["next"]}
        second = (await http.get("/payments/v1/webhooks", params=query)).json()
    ids = [each["id"] for page in (first, second) for each in page["items"]]
    assert (ids, second["next"]) == (["evt_2", "evt_1", "evt_0"], None)
