"""Webhooks: stored once, applied in any order, kept with their error when they cannot be."""

from uuid import uuid4

import pytest

from payments.model.intent import GatewayRefund, RefundState
from payments.model.payment import Status
from payments.model.webhook import Subject
from payments.testing import Bench, Fault, a_notice, a_payment_due, a_request
from payments.usecases.apply_webhooks import WebhookWork
from payments.usecases.receive_webhook import receive_webhook
from wareflow_events.schemas.payments import PaymentCaptured
from wareflow_events.schemas.shapes import Money


async def test_a_webhook_that_comes_twice_is_stored_and_applied_once(bench: Bench) -> None:
    _ = await bench.opened()
    _ = bench.gateway.pay("pi_1")
    notice = a_notice("pi_1", webhook_id="evt_1")
    await bench.receive(notice, notice)
    await bench.receive(notice)
    assert len(await bench.told()) == 1
    assert bench.gateway.calls.count("retrieve_intent") == 1


async def test_webhooks_in_the_wrong_order_end_the_same(bench: Bench) -> None:
    payment = await bench.opened()
    declined = bench.gateway.decline("pi_1")
    _ = bench.gateway.pay("pi_1")
    failed = "payment_intent.payment_failed"
    await bench.receive(a_notice("pi_1"))
    await bench.receive(a_notice("pi_1", type=failed, declined=declined))
    assert [type(event) for event in await bench.told()] == [PaymentCaptured]
    assert (await bench.payment(payment.order_id)).status is Status.CAPTURED


async def test_a_hint_that_is_not_true_of_the_object_changes_nothing(bench: Bench) -> None:
    payment = await bench.opened()
    await bench.receive(a_notice("pi_1", type="payment_intent.succeeded"))
    assert await bench.told() == []
    assert (await bench.payment(payment.order_id)).status is Status.OPEN


async def test_several_hints_at_one_object_are_one_look(bench: Bench) -> None:
    _ = await bench.opened()
    async with bench.transactions.begin() as tx:
        for _ in range(3):
            _ = await receive_webhook(tx, notice=a_notice("pi_1"))
    await bench.run("webhooks")
    assert bench.gateway.calls.count("retrieve_intent") == 1
    assert await bench.rows("SELECT count(*) FROM webhook_event WHERE applied_at IS NULL") == [(0,)]


async def test_a_webhook_that_cannot_be_applied_is_kept_with_its_error_and_tried_again(
    bench: Bench,
) -> None:
    _ = await bench.opened()
    _ = bench.gateway.pay("pi_1")
    bench.gateway.fail("retrieve_intent", Fault.TIMEOUT_BEFORE, Fault.WRONG_KEYS)
    await bench.receive(a_notice("pi_1", webhook_id="evt_1"))
    kept = await bench.webhook("evt_1")
    assert (kept.applied_at, kept.error, kept.attempts) == (None, "timed out", 1)
    _ = bench.clock.advance(seconds=1)
    await bench.run("webhooks")
    assert (await bench.webhook("evt_1")).error == "invalid API key"
    _ = bench.clock.advance(seconds=2)
    await bench.run("webhooks")
    applied = await bench.webhook("evt_1")
    assert (applied.error, applied.applied_at) == (None, bench.clock())
    assert len(await bench.told()) == 1


async def test_a_contradiction_holds_up_no_other_webhook(bench: Bench) -> None:
    first, second = await bench.opened(), await bench.opened()
    bench.gateway.alter("pi_1", payment_id=second.id)
    _ = bench.gateway.pay("pi_2")
    async with bench.transactions.begin() as tx:
        _ = await receive_webhook(tx, notice=a_notice("pi_1", webhook_id="evt_1"))
        _ = await receive_webhook(tx, notice=a_notice("pi_2", webhook_id="evt_2"))
    await bench.run("webhooks")
    assert "Contradiction" in ((await bench.webhook("evt_1")).error or "")
    assert (await bench.webhook("evt_2")).applied_at is not None
    assert (await bench.payment(first.order_id)).status is Status.OPEN
    assert (await bench.payment(second.order_id)).status is Status.CAPTURED


async def test_what_others_do_with_the_same_account_is_nothing_to_us(bench: Bench) -> None:
    due = a_payment_due()
    _ = await bench.gateway.create_intent(a_request(due, uuid4(), uuid4()))
    _ = bench.gateway.pay("pi_1")
    await bench.receive(a_notice("pi_1", webhook_id="evt_1"))
    assert (await bench.webhook("evt_1")).applied_at is not None
    assert await bench.told() == []


@pytest.mark.parametrize("ours", [True, False], ids=["of ours", "of others"])
async def test_a_refund_that_was_made_by_hand_is_seen_when_the_money_was_ours(
    bench: Bench, ours: bool
) -> None:
    payment = await bench.captured()
    intent_id = payment.intent_id if ours else "pi_of_others"
    money = Money(amount=500, currency="EUR")
    by_hand = GatewayRefund("re_hand", RefundState.SUCCEEDED, money, intent_id=intent_id)
    bench.gateway.refunds["re_hand"] = by_hand
    await bench.receive(a_notice("re_hand", type="refund.created", webhook_id="evt_1"))
    kept = await bench.webhook("evt_1")
    assert (kept.error is not None, kept.applied_at is None) == (ours, ours)
    assert await bench.told() == []


async def test_an_unknown_type_is_kept_and_not_looked_into(bench: Bench) -> None:
    notice = a_notice("pi_1", webhook_id="evt_1", type="customer.created")
    async with bench.transactions.begin() as tx:
        _ = await receive_webhook(tx, notice=notice)
    kept = await bench.webhook("evt_1")
    assert (kept.subject, kept.applied_at) == (Subject.NOTHING, bench.clock())
    await bench.run("webhooks")
    assert bench.gateway.calls == []


async def test_old_webhooks_are_forgotten_once_they_are_applied(bench: Bench) -> None:
    _ = await bench.opened()
    await bench.receive(a_notice("pi_1", webhook_id="evt_applied"))
    bench.gateway.fail("retrieve_intent", Fault.TIMEOUT_BEFORE)
    await bench.receive(a_notice("pi_1", webhook_id="evt_failed"))
    _ = bench.clock.advance(days=91)
    await bench.run("forget_webhooks")
    assert await bench.rows("SELECT id FROM webhook_event") == [("evt_failed",)]


async def test_a_crash_after_the_claim_costs_one_lease(bench: Bench) -> None:
    _ = await bench.opened()
    _ = bench.gateway.pay("pi_1")
    async with bench.transactions.begin() as tx:
        _ = await receive_webhook(tx, notice=a_notice("pi_1"))
    async with bench.transactions.begin() as tx:
        assert len(await WebhookWork(bench.gateway).claim(tx, 10)) == 1
    await bench.run("webhooks")
    assert await bench.told() == []
    _ = bench.clock.advance(seconds=60)
    await bench.run("webhooks")
    assert len(await bench.told()) == 1
