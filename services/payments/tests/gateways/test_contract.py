"""One contract, both gateways: the fake of the tests, and Stripe's client with the sandbox."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from payments.gateways.gateway import Gateway, IntentRequest, RefundRequest, Refused, Unanswered
from payments.gateways.stripe_client import StripeGateway
from payments.model.intent import Intent, IntentState, RefundState
from payments.testing import FakeGateway, a_payment_due, a_request
from wareflow_events.clock import utc_now
from wareflow_events.schemas.shapes import Money
from wareflow_kit.testing import fresh_database, settings_for
from wareflow_sandbox.settings import Settings as SandboxSettings
from wareflow_sandbox.testing import BACK, Browser, Running, running_sandbox

Pay = Callable[[Intent], Awaitable[object]]


@pytest.fixture(scope="module")
async def sandbox() -> AsyncGenerator[Running]:
    async with fresh_database("wareflow_sandbox") as url:
        settings = settings_for(SandboxSettings, url, settle_seconds=0.05, log_level="warning")
        async with running_sandbox(settings) as running:
            yield running


class FakeSide:
    """The fake, and its customer."""

    def __init__(self) -> None:
        self.gateway = FakeGateway(clock=utc_now)

    async def pay(self, intent: Intent) -> None:
        _ = self.gateway.pay(intent.id)

    async def decline(self, intent: Intent) -> None:
        _ = self.gateway.decline(intent.id)


class SandboxSide:
    """Stripe's client, and a browser."""

    def __init__(self, running: Running) -> None:
        self.gateway = StripeGateway(url=running.url, key=running.settings.secret_key, timeout=10)
        self._browser = Browser(running.url)

    async def pay(self, intent: Intent) -> None:
        paid = await self._browser.pay(intent.client_secret or "", "pm_card_de", return_url=BACK)
        assert paid.status_code == 200

    async def decline(self, intent: Intent) -> None:
        method = "pm_card_visa_chargeDeclinedInsufficientFunds"
        paid = await self._browser.pay(intent.client_secret or "", method, return_url=BACK)
        assert paid.status_code == 402


Side = FakeSide | SandboxSide


@pytest.fixture(params=["fake", "sandbox"])
async def side(request: pytest.FixtureRequest, sandbox: Running) -> AsyncGenerator[Side]:
    made: Side = FakeSide() if request.param == "fake" else SandboxSide(sandbox)
    yield made
    await made.gateway.close()


@pytest.fixture
def gateway(side: Side) -> Gateway:
    return side.gateway


def an_intent_request() -> IntentRequest:
    return a_request(a_payment_due(), uuid4(), uuid4())


def a_refund_request(intent: Intent, amount: int) -> RefundRequest:
    operation_id = uuid4()
    return RefundRequest(
        key=operation_id,
        operation_id=operation_id,
        order_id=intent.order_id or uuid4(),
        refund_id=uuid4(),
        intent_id=intent.id,
        amount=Money(amount=amount, currency="EUR"),
    )


async def test_a_fresh_intent_carries_what_we_wrote_on_it(gateway: Gateway) -> None:
    request = an_intent_request()
    made = await gateway.create_intent(request)
    assert (made.state, made.amount, made.livemode) == (IntentState.ALIVE, request.amount, False)
    assert (made.order_id, made.payment_id) == (request.order_id, request.payment_id)
    assert made.client_secret
    assert await gateway.retrieve_intent(made.id) == made


async def test_the_same_key_makes_one_intent(gateway: Gateway) -> None:
    request = an_intent_request()
    assert await gateway.create_intent(request) == await gateway.create_intent(request)


async def test_the_same_key_with_another_request_is_spent(gateway: Gateway) -> None:
    request = an_intent_request()
    _ = await gateway.create_intent(request)
    with pytest.raises(Unanswered) as caught:
        _ = await gateway.create_intent(replace(request, note="another"))
    assert caught.value.spent


async def test_an_intent_is_found_by_the_operation_that_made_it(gateway: Gateway) -> None:
    request = an_intent_request()
    since, until = utc_now() - timedelta(minutes=1), utc_now() + timedelta(minutes=1)
    made = await gateway.create_intent(request)
    found = await gateway.find_intent(request.operation_id, since=since, until=until)
    assert found == made
    assert await gateway.find_intent(uuid4(), since=since, until=until) is None
    long_ago = since - timedelta(hours=1)
    assert await gateway.find_intent(request.operation_id, since=long_ago, until=since) is None


async def test_a_cancelled_intent_stays_cancelled(gateway: Gateway) -> None:
    made = await gateway.create_intent(an_intent_request())
    key = uuid4()
    cancelled = await gateway.cancel_intent(made.id, key=key)
    assert cancelled.state is IntentState.CANCELLED
    assert (await gateway.cancel_intent(made.id, key=key)).state is IntentState.CANCELLED
    with pytest.raises(Refused):
        _ = await gateway.cancel_intent(made.id, key=uuid4())


async def test_a_paid_intent_says_how_and_cannot_be_cancelled(side: Side) -> None:
    made = await side.gateway.create_intent(an_intent_request())
    await side.pay(made)
    paid = await side.gateway.retrieve_intent(made.id)
    assert (paid.state, paid.amount) == (IntentState.CAPTURED, made.amount)
    assert paid.charge is not None
    assert (paid.charge.method, paid.charge.brand, paid.charge.country) == ("card", "visa", "DE")
    with pytest.raises(Refused):
        _ = await side.gateway.cancel_intent(made.id, key=uuid4())


async def test_a_declined_attempt_leaves_the_intent_alive(side: Side) -> None:
    made = await side.gateway.create_intent(an_intent_request())
    await side.decline(made)
    declined = await side.gateway.retrieve_intent(made.id)
    assert declined.state is IntentState.ALIVE
    assert declined.declined is not None
    assert (declined.declined.code, declined.declined.decline_code) == (
        "card_declined",
        "insufficient_funds",
    )
    await side.pay(made)
    assert (await side.gateway.retrieve_intent(made.id)).state is IntentState.CAPTURED


async def test_money_goes_back_once_per_key_and_never_more_than_came(side: Side) -> None:
    made = await side.gateway.create_intent(an_intent_request())
    await side.pay(made)
    request = a_refund_request(made, 1000)
    refund = await side.gateway.create_refund(request)
    assert (refund.state, refund.refund_id) == (RefundState.SUCCEEDED, request.refund_id)
    assert await side.gateway.create_refund(request) == refund
    with pytest.raises(Refused):
        _ = await side.gateway.create_refund(a_refund_request(made, 900))
    assert (await side.gateway.create_refund(a_refund_request(made, 899))).id != refund.id


async def test_a_refund_is_found_by_the_operation_that_made_it(side: Side) -> None:
    made = await side.gateway.create_intent(an_intent_request())
    await side.pay(made)
    request = a_refund_request(made, 1000)
    refund = await side.gateway.create_refund(request)
    assert await side.gateway.find_refund(request.operation_id, intent_id=made.id) == refund
    assert await side.gateway.find_refund(uuid4(), intent_id=made.id) is None
    assert await side.gateway.retrieve_refund(refund.id) == refund


async def test_what_does_not_exist_is_refused(gateway: Gateway) -> None:
    with pytest.raises(Refused) as caught:
        _ = await gateway.retrieve_intent("pi_that_never_was")
    assert caught.value.code == "resource_missing"
