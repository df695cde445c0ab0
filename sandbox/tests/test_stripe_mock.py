"""Stripe's own stand-in, made from its OpenAPI document, accepts every parameter that we send."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import stripe

from wareflow_sandbox.model.event import EVENT_TYPES
from wareflow_sandbox.testing import BACK, Shop, open_shop

pytestmark = pytest.mark.timeout(400)  # the first build of stripe-mock takes its time


@pytest.fixture
async def mocked(stripe_mock: str) -> AsyncGenerator[Shop]:
    """A shop that talks to stripe-mock."""
    async with open_shop(stripe_mock, key="sk_test_123") as shop:
        yield shop


INTENT: dict[str, Any] = {
    "amount": 1899,
    "currency": "eur",
    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    "capture_method": "automatic",
    "description": "Order 1042",
    "metadata": {"order_id": "0198f0aa", "operation_id": "0198f0ab"},
    "receipt_email": "ada@example.com",
    "statement_descriptor_suffix": "1042",
    "expand": ["latest_charge"],
}


async def test_stripe_accepts_our_payment_intents(mocked: Shop) -> None:
    intents = mocked.client.v1.payment_intents
    params: Any = INTENT
    intent = await intents.create_async(params, {"idempotency_key": "op-1"})
    assert intent.object == "payment_intent"
    paying: Any = {**INTENT, "confirm": True, "payment_method": "pm_card_visa"}
    assert (await intents.create_async(paying)).object == "payment_intent"
    expand: Any = {"expand": ["latest_charge.balance_transaction"]}
    assert (await intents.retrieve_async("pi_1", expand)).id
    noted: Any = {"metadata": {"a": "b", "c": ""}, "description": "changed"}
    assert (await intents.update_async("pi_1", noted)).id
    confirm: Any = {"payment_method": "pm_card_visa", "return_url": BACK}
    assert (await intents.confirm_async("pi_1", confirm)).id
    assert (await intents.cancel_async("pi_1", {"cancellation_reason": "abandoned"})).id
    assert (await intents.capture_async("pi_1", {"amount_to_capture": 100})).id


async def test_stripe_accepts_our_refunds(mocked: Shop) -> None:
    refunds = mocked.client.v1.refunds
    params: Any = {
        "payment_intent": "pi_1",
        "amount": 500,
        "reason": "requested_by_customer",
        "metadata": {"operation_id": "0198f0ac"},
    }
    assert (await refunds.create_async(params, {"idempotency_key": "op-2"})).object == "refund"
    assert (await refunds.retrieve_async("re_1")).object == "refund"


async def test_stripe_accepts_our_lists(mocked: Shop) -> None:
    v1 = mocked.client.v1
    window: Any = {"created": {"gte": 1_700_000_000, "lt": 1_800_000_000}, "limit": 100}
    further: Any = {**window, "starting_after": "pi_1", "expand": ["data.latest_charge"]}
    assert (await v1.payment_intents.list_async(further)).data
    of_intent: Any = {**window, "payment_intent": "pi_1"}
    assert (await v1.refunds.list_async(of_intent)).data
    assert (await v1.charges.list_async(of_intent)).data
    money: Any = {**window, "type": "charge", "source": "ch_1", "currency": "eur"}
    assert (await v1.balance_transactions.list_async(money)).data
    kinds: Any = {**window, "types": ["payment_intent.succeeded", "charge.refunded"]}
    assert (await v1.events.list_async(kinds)).data


async def test_stripe_accepts_our_webhook_endpoints(mocked: Shop) -> None:
    params: Any = {"url": "https://shop.example/hook", "enabled_events": sorted(EVENT_TYPES)}
    endpoint = await mocked.client.v1.webhook_endpoints.create_async(params)
    assert endpoint.object == "webhook_endpoint"


async def test_stripes_stand_in_refuses_what_stripe_does_not_know(mocked: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="validation error"):
        _ = await mocked.intent(colour="red")
