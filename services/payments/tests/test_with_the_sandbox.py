"""The whole service by its own clock, with Stripe's client, the sandbox, and real webhooks."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from payments.consumers import HANDLERS
from payments.main import PaymentsService, build
from payments.model import Payment
from payments.model.payment import Status
from payments.settings import Settings
from payments.testing import a_closing, a_payment_due, a_refund_due, breaches
from wareflow_events.event import Event
from wareflow_events.testing import Hand, published
from wareflow_kit.supervisor import Supervisor
from wareflow_kit.testing import Unplugged, fresh_database, order_token, settings_for
from wareflow_sandbox.settings import Settings as SandboxSettings
from wareflow_sandbox.testing import (
    BACK,
    Browser,
    Running,
    eventually,
    running_app,
    running_sandbox,
)

SECRET = "whsec_of_the_sandbox"


@dataclass
class Shop:
    """Both sides: our service, and the gateway with its customers."""

    service: PaymentsService
    sandbox: Running
    url: str
    hand: Hand
    told: list[Event]

    @property
    def browser(self) -> Browser:
        return Browser(self.sandbox.url)

    async def secret_of(self, order_id: UUID) -> str:
        """Asks as the storefront does, and waits."""
        headers = {"Authorization": f"Bearer {order_token(order_id)}", "Prefer": "wait=20"}
        async with httpx.AsyncClient(headers=headers, timeout=30) as http:
            answer = await http.get(f"{self.url}/payments/v1/payments/{order_id}")
        return answer.json()["client_secret"]

    async def pay(self, order_id: UUID, method: str = "pm_card_visa") -> int:
        secret = await self.secret_of(order_id)
        return (await self.browser.pay(secret, method, return_url=BACK)).status_code

    async def until(self, *types: str) -> list[str]:
        """What was told, once all of these were."""

        async def enough() -> list[str] | None:
            self.told += await published(self.service.engine)
            names = [type(event).__name__ for event in self.told]
            return names if set(types) <= set(names) else None

        return await eventually(enough, timeout=40)

    async def payment(self, order_id: UUID) -> Payment:
        async with AsyncSession(self.service.engine, expire_on_commit=False) as session:
            return (await session.scalars(select(Payment).filter_by(order_id=order_id))).one()


@asynccontextmanager
async def a_sandbox(webhooks_to: str) -> AsyncGenerator[Running]:
    endpoint = {"url": f"{webhooks_to}/payments/v1/webhooks/stripe", "secret": SECRET}
    async with fresh_database("wareflow_sandbox") as database:
        settings = settings_for(
            SandboxSettings,
            database,
            webhook_endpoints=[endpoint],
            settle_seconds=0.3,
            webhook_retry_seconds=0.05,
        )
        async with running_sandbox(settings) as running:
            yield running


@pytest.fixture
async def shop() -> AsyncGenerator[Shop]:
    door = _Later()
    async with (
        running_app(door) as url,
        a_sandbox(url) as sandbox,
        fresh_database("payments") as database,
    ):
        settings = settings_for(
            Settings,
            database,
            gateway_url=sandbox.url,
            gateway_key=sandbox.settings.secret_key,
            gateway_publishable_key=sandbox.settings.publishable_key,
            gateway_timeout=1,
            webhook_secrets=[SECRET],
        )
        service = build(settings, broker=Unplugged())
        door.app = service.app
        works = Supervisor()
        for poller in service.pollers:
            works.start(poller.name, poller.keep)
        yield Shop(service, sandbox, url, Hand(service.transactions, HANDLERS[0]), [])
        await works.drain(10)
        assert works.failures == {}
        assert await breaches(service.engine, now=True) == {}
        await service.close()


class _Later:
    """An address that is known before the app behind it."""

    app: object = None

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        if self.app is not None:
            await self.app(scope, receive, send)  # pyright: ignore[reportCallIssue, reportGeneralTypeIssues, reportUnknownVariableType]


async def test_an_order_is_paid_and_refunded(shop: Shop) -> None:
    due = a_payment_due()
    await shop.hand.hear(due)
    assert await shop.pay(due.order_id) == 200
    assert await shop.until("PaymentCaptured") == ["PaymentCaptured"]
    await shop.hand.hear(a_refund_due(due.order_id, 900))
    assert await shop.until("PaymentRefunded") == ["PaymentCaptured", "PaymentRefunded"]
    payment = await shop.payment(due.order_id)
    assert (payment.captured, payment.refunded, payment.brand) == (1899, 900, "visa")


async def test_a_declined_card_and_then_a_good_one_pay_the_same_intent(shop: Shop) -> None:
    due = a_payment_due()
    await shop.hand.hear(due)
    assert await shop.pay(due.order_id, "pm_card_visa_chargeDeclinedInsufficientFunds") == 402
    assert await shop.until("PaymentFailed") == ["PaymentFailed"]
    assert await shop.pay(due.order_id) == 200
    assert await shop.until("PaymentCaptured") == ["PaymentFailed", "PaymentCaptured"]


async def test_an_abandoned_payment_is_void(shop: Shop) -> None:
    due = a_payment_due()
    await shop.hand.hear(due)
    _ = await shop.secret_of(due.order_id)
    await shop.hand.hear(a_closing(due.order_id))
    assert await shop.until("PaymentVoided") == ["PaymentVoided"]
    assert await shop.secret_of(due.order_id) is None


async def test_money_that_settles_late_is_captured_though_the_order_is_closing(
    shop: Shop,
) -> None:
    due = a_payment_due()
    await shop.hand.hear(due)
    assert await shop.pay(due.order_id, "pm_sandbox_lateSuccess") == 200
    await shop.hand.hear(a_closing(due.order_id))
    assert await shop.until("PaymentCaptured") == ["PaymentCaptured"]
    assert (await shop.payment(due.order_id)).method == "sepa_debit"


async def test_money_that_fails_late_voids_a_closing_payment(shop: Shop) -> None:
    due = a_payment_due()
    await shop.hand.hear(due)
    assert await shop.pay(due.order_id, "pm_sandbox_lateFailure") == 200
    await shop.hand.hear(a_closing(due.order_id))
    assert "PaymentCaptured" not in await shop.until("PaymentVoided")


async def test_a_refund_that_comes_back_is_told(shop: Shop) -> None:
    due = a_payment_due()
    await shop.hand.hear(due)
    assert await shop.pay(due.order_id, "pm_card_refundFail") == 200
    _ = await shop.until("PaymentCaptured")
    await shop.hand.hear(a_refund_due(due.order_id, 900))
    told = await shop.until("RefundFailed")
    assert told == ["PaymentCaptured", "PaymentRefunded", "RefundFailed"]
    assert (await shop.payment(due.order_id)).refunded == 0


@pytest.mark.parametrize(
    "fault",
    ["timeout_before", "timeout_after", "error_500_after", "conflict_409", "rate_limit_429"],
)
async def test_whatever_goes_wrong_there_is_one_intent_and_one_refund(
    shop: Shop, fault: str
) -> None:
    await shop.sandbox.misbehave(fault=fault, times=1, match={"path_regex": "payment_intents$"})
    await shop.sandbox.misbehave(fault=fault, times=1, match={"path_regex": "refunds$"})
    due = a_payment_due()
    await shop.hand.hear(due)
    assert await shop.pay(due.order_id) == 200
    _ = await shop.until("PaymentCaptured")
    await shop.hand.hear(a_refund_due(due.order_id))
    assert await shop.until("PaymentRefunded") == ["PaymentCaptured", "PaymentRefunded"]
    headers = {"Authorization": f"Bearer {shop.sandbox.settings.secret_key}"}
    async with httpx.AsyncClient(headers=headers) as http:
        for noun in ("payment_intents", "refunds"):
            made = (await http.get(f"{shop.sandbox.url}/v1/{noun}")).json()["data"]
            assert len(made) == 1


async def test_webhooks_late_twice_and_out_of_order_end_the_same(shop: Shop) -> None:
    await shop.sandbox.disturb_webhooks(
        shuffle_seconds=0.3, duplicate_probability=1, drop_first=1, seed=7
    )
    dues = [a_payment_due() for _ in range(5)]
    await shop.hand.hear(*dues)
    for due in dues:
        assert await shop.pay(due.order_id, "pm_card_visa_chargeDeclinedLostCard") == 402
        assert await shop.pay(due.order_id) == 200

    async def all_captured() -> bool | None:
        statuses = [(await shop.payment(due.order_id)).status for due in dues]
        return True if set(statuses) == {Status.CAPTURED} else None

    assert await eventually(all_captured, timeout=40)
    told = await shop.until("PaymentCaptured")
    assert told.count("PaymentCaptured") == 5
