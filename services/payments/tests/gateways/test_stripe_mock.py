"""Stripe's own OpenAPI, by stripe-mock, takes every request that our client makes."""

from collections.abc import AsyncGenerator
from uuid import uuid4

import pytest

from payments.gateways.gateway import RefundRequest
from payments.gateways.stripe_client import StripeGateway
from payments.testing import A_DAY, a_payment_due, a_request
from wareflow_events.schemas.shapes import Money

pytestmark = pytest.mark.timeout(400)  # the first build of stripe-mock takes its time


@pytest.fixture
async def gateway(stripe_mock: str) -> AsyncGenerator[StripeGateway]:
    made = StripeGateway(url=stripe_mock, key="sk_test_123", timeout=10)
    yield made
    await made.close()


async def test_stripe_takes_what_we_ask_of_intents(gateway: StripeGateway) -> None:
    made = await gateway.create_intent(a_request(a_payment_due(), uuid4(), uuid4()))
    assert made.id.startswith("pi_")
    assert (await gateway.retrieve_intent(made.id)).id
    assert (await gateway.cancel_intent(made.id, key=uuid4())).id
    assert await gateway.find_intent(uuid4(), since=A_DAY, until=A_DAY) is None


async def test_stripe_takes_what_we_ask_of_refunds(gateway: StripeGateway) -> None:
    made = await gateway.create_refund(
        RefundRequest(
            key=uuid4(),
            operation_id=uuid4(),
            order_id=uuid4(),
            refund_id=uuid4(),
            intent_id="pi_1",
            amount=Money(amount=500, currency="EUR"),
        )
    )
    assert made.id.startswith("re_")
    assert (await gateway.retrieve_refund(made.id)).id
    assert await gateway.find_refund(uuid4(), intent_id="pi_1") is None
