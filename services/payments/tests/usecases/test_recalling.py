"""Payments on a database that was restored from before, at a gateway that knows more."""

from collections.abc import AsyncGenerator

import pytest

from payments.main import build
from payments.model.operation import KEY_RETENTION, OperationStatus
from payments.model.payment import Status
from payments.model.refund import LATE_CAPTURE, RefundStatus, late_refund_id
from payments.settings import Settings
from payments.testing import Bench, a_closing, a_payment_due, a_refund_due, breaches
from payments.usecases.open_payments import open_payments
from payments.usecases.recall_payments import ask_about_voided, recall_payments
from payments.usecases.request_refunds import request_refunds
from wareflow_events.event import Event
from wareflow_events.handlers import Heard
from wareflow_events.ids import new_id
from wareflow_events.schemas.orders import PaymentDue
from wareflow_events.schemas.payments import PaymentCaptured, PaymentRefunded, PaymentVoided
from wareflow_kit.testing import Unplugged, fresh_database, settings_for

KEYS = {
    "gateway_url": "https://gateway.test",
    "gateway_key": "sk_test_sandbox",
    "gateway_publishable_key": "pk_test_sandbox",
    "webhook_secrets": ["whsec_of_today"],
}


class Restored(Bench):
    """The service on a database that has forgotten everything."""

    async def hear_again(self, due: PaymentDue, *told: Event) -> None:
        """As the recovery does: what was due first, then what was told."""
        since = {due.order_id: self.clock.now}
        async with self.transactions.begin(silent=True) as tx:
            await open_payments(tx, dues=[due], since=since)
        await self.take_back(*told)

    async def take_back(self, *told: Event) -> None:
        now = self.clock.now
        heard = [Heard(event, new_id(at=now), now, None, replay=True) for event in told]
        async with self.transactions.begin(silent=True) as tx:
            await recall_payments(tx, heard)


@pytest.fixture
async def restored(bench: Bench) -> AsyncGenerator[Restored]:
    async with fresh_database("payments") as url:
        settings = settings_for(Settings, url, **KEYS)
        service = build(settings, broker=Unplugged(), gateway=bench.gateway, clock=bench.clock)
        yield Restored(service, bench.gateway)
        assert await breaches(service.engine) == {}
        await service.close()


async def test_the_intent_that_was_made_is_the_intent_again(
    bench: Bench, restored: Restored
) -> None:
    due = a_payment_due()
    was = await bench.opened(due.order_id)
    await restored.hear_again(due)
    await restored.run_operations()
    again = await restored.payment(due.order_id)
    assert (again.id, again.intent_id, again.status) == (was.id, was.intent_id, Status.OPEN)
    assert len(bench.gateway.intents) == 1


async def test_an_intent_whose_key_was_forgotten_is_looked_for_before_one_is_made(
    bench: Bench, restored: Restored
) -> None:
    due = a_payment_due()
    was = await bench.opened(due.order_id)
    await restored.hear_again(due)
    bench.gateway.forget_keys()
    bench.gateway.calls.clear()
    _ = restored.clock.advance(seconds=KEY_RETENTION.total_seconds())
    await restored.run_operations()
    assert bench.gateway.calls == ["find_intent"]
    assert (await restored.payment(due.order_id)).intent_id == was.intent_id


async def test_a_capture_that_was_told_is_in_the_books_and_not_told_again(
    bench: Bench, restored: Restored
) -> None:
    due = a_payment_due()
    payment = await bench.opened(due.order_id)
    _ = bench.gateway.pay(payment.intent_id or "")
    _ = bench.clock.advance(seconds=61)
    await bench.run("look_up_payments")
    told = await bench.told()
    assert [type(event) for event in told] == [PaymentCaptured]
    await restored.hear_again(due, *told)
    await restored.run_operations()
    again = await restored.payment(due.order_id)
    assert (again.status, again.captured) == (Status.CAPTURED, 1899)
    assert again.intent_id == payment.intent_id
    assert await restored.told() == []


async def test_a_refund_waits_until_the_intent_is_known_and_is_made_once(
    bench: Bench, restored: Restored
) -> None:
    due = a_payment_due()
    payment = await bench.opened(due.order_id)
    _ = bench.gateway.pay(payment.intent_id or "")
    _ = bench.clock.advance(seconds=61)
    await bench.run("look_up_payments")
    captured = await bench.told()
    refund = a_refund_due(due.order_id)
    await bench.hear(refund)
    await bench.run_operations()
    await restored.hear_again(due, *captured)
    async with restored.transactions.begin() as tx:
        await request_refunds(tx, dues=[refund], since={refund.refund_id: tx.now})
    await restored.retry(times=3)
    assert [one.status for one in await restored.refunds(due.order_id)] == [RefundStatus.SUCCEEDED]
    assert len(bench.gateway.refunds) == 1


async def test_a_refund_that_was_told_is_not_asked_for_again(
    bench: Bench, restored: Restored
) -> None:
    due = a_payment_due()
    payment = await bench.opened(due.order_id)
    _ = bench.gateway.pay(payment.intent_id or "")
    _ = bench.clock.advance(seconds=61)
    await bench.run("look_up_payments")
    refund = a_refund_due(due.order_id)
    await bench.hear(refund)
    await bench.run_operations()
    told = await bench.told()
    assert [type(event) for event in told] == [PaymentCaptured, PaymentRefunded]
    await restored.hear_again(due, *told)
    await restored.hear(refund)
    await restored.retry(times=2)
    assert (await restored.payment(due.order_id)).refunded == 1899
    assert len(bench.gateway.refunds) == 1
    assert await restored.told() == []


async def test_money_that_came_after_a_void_comes_back_with_its_refund(
    bench: Bench, restored: Restored
) -> None:
    due = a_payment_due()
    payment = await bench.opened(due.order_id)
    await bench.hear(a_closing(due.order_id))
    await bench.run_operations()
    (voided,) = await bench.told()
    assert isinstance(voided, PaymentVoided)
    refunded = PaymentRefunded(
        order_id=due.order_id,
        payment_id=payment.id,
        refund_id=late_refund_id(payment.id),
        amount=due.amount,
        refunded=due.amount,
        refunded_at=bench.clock.now,
    )
    await restored.hear_again(due, voided, refunded)
    again = await restored.payment(due.order_id)
    assert (again.status, again.captured, again.refunded) == (Status.LATE, 1899, 1899)
    (refund,) = await restored.refunds(due.order_id)
    assert refund.reason == LATE_CAPTURE


async def test_the_gateway_is_asked_about_what_was_voided_lately(bench: Bench) -> None:
    """A webhook of money that came too late may have gone to the database that is lost."""
    payment = await bench.opened()
    await bench.hear(a_closing(payment.order_id))
    await bench.run_operations()
    for _ in range(2):
        async with bench.transactions.begin(silent=True) as tx:
            await ask_about_voided(tx)
    causes = [one.cause for one in await bench.operations(payment.order_id)]
    assert sorted(causes) == ["appeared_after_void", "closing", "payment_due"]
    await bench.run_operations()
    assert {one.status for one in await bench.operations(payment.order_id)} == {
        OperationStatus.DONE
    }
