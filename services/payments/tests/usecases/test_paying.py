"""From an order that is to be paid to money that was taken."""

import pytest

from payments.model.operation import OperationStatus
from payments.model.payment import PaymentDueDiffers, Status
from payments.testing import Bench, Fault, a_notice, a_payment_due
from wareflow_events.schemas.payments import PaymentCaptured, PaymentFailed, PaymentVoided


async def test_an_order_that_is_due_gets_one_intent(story: Bench) -> None:
    due = a_payment_due()
    await story.hear(due)
    await story.run_operations()
    payment = await story.payment(due.order_id)
    assert payment.status is Status.OPEN
    assert (payment.intent_id, payment.client_secret) == ("pi_1", "pi_1_secret")
    assert list(story.gateway.intents) == ["pi_1"]
    assert await story.told() == []


async def test_a_paid_intent_is_captured_by_its_webhook(story: Bench) -> None:
    payment = await story.opened()
    _ = story.gateway.pay("pi_1")
    await story.receive(a_notice("pi_1"))
    (told,) = await story.told()
    assert isinstance(told, PaymentCaptured)
    assert (told.amount.amount, told.method, told.brand, told.country) == (
        1899,
        "card",
        "visa",
        "DE",
    )
    assert (await story.payment(payment.order_id)).status is Status.CAPTURED


async def test_a_second_order_event_with_the_same_terms_changes_nothing(bench: Bench) -> None:
    due = a_payment_due()
    await bench.hear(due)
    await bench.hear(due)
    await bench.hear(due, due)
    assert len(await bench.operations(due.order_id)) == 1


async def test_another_amount_for_the_same_order_is_refused(bench: Bench) -> None:
    due = a_payment_due()
    await bench.hear(due)
    with pytest.raises(PaymentDueDiffers):
        await bench.hear(a_payment_due(due.order_id, amount=1))


async def test_a_decline_is_told_and_the_same_intent_is_paid_afterwards(story: Bench) -> None:
    payment = await story.opened()
    declined = story.gateway.decline("pi_1")
    notice = a_notice("pi_1", type="payment_intent.payment_failed", declined=declined)
    await story.receive(notice)
    _ = story.gateway.pay("pi_1")
    await story.receive(a_notice("pi_1"))
    failed, captured = await story.told()
    assert isinstance(failed, PaymentFailed)
    assert (failed.code, failed.decline_code) == ("card_declined", "insufficient_funds")
    assert isinstance(captured, PaymentCaptured)
    assert len(await story.operations(payment.order_id)) == 1


async def test_each_failed_attempt_is_told_once(bench: Bench) -> None:
    _ = await bench.opened()
    first = bench.gateway.decline("pi_1")
    second = bench.gateway.decline("pi_1", decline_code="expired_card")
    failed = "payment_intent.payment_failed"
    await bench.receive(
        a_notice("pi_1", type=failed, declined=second),
        a_notice("pi_1", type=failed, declined=first),
        a_notice("pi_1", type=failed, declined=first),
    )
    told = [e.decline_code for e in await bench.told() if isinstance(e, PaymentFailed)]
    assert sorted(map(str, told)) == ["expired_card", "insufficient_funds"]


async def test_a_decline_that_is_heard_of_after_the_capture_is_kept_and_not_told(
    bench: Bench,
) -> None:
    payment = await bench.opened()
    declined = bench.gateway.decline("pi_1")
    _ = bench.gateway.pay("pi_1")
    await bench.receive(a_notice("pi_1"))
    assert [type(event) for event in await bench.told()] == [PaymentCaptured]
    failed = "payment_intent.payment_failed"
    await bench.receive(a_notice("pi_1", type=failed, declined=declined))
    assert await bench.told() == []
    assert await bench.rows("SELECT order_id FROM decline") == [(payment.order_id,)]


async def test_an_order_of_the_other_mode_is_refused_without_a_call(story: Bench) -> None:
    due = a_payment_due(livemode=True)
    await story.hear(due)
    await story.run_operations()
    (told,) = await story.told()
    assert isinstance(told, PaymentVoided)
    assert told.reason == "refused: wrong_mode"
    assert story.gateway.calls == []


async def test_an_amount_that_the_gateway_refuses_voids_the_payment(story: Bench) -> None:
    story.gateway.fail("create_intent", Fault.REFUSED)
    due = a_payment_due(amount=1)
    await story.hear(due)
    await story.run_operations()
    (told,) = await story.told()
    assert isinstance(told, PaymentVoided)
    assert told.reason == "refused: refused_on_request"


async def test_many_orders_are_opened_with_few_calls_at_the_same_time(bench: Bench) -> None:
    dues = [a_payment_due() for _ in range(50)]
    await bench.hear(*dues)
    await bench.run_operations()
    rows = await bench.rows("SELECT count(*), count(DISTINCT intent_id) FROM payment")
    assert rows == [(50, 50)]


async def test_a_webhook_that_overtakes_the_answer_to_its_call_opens_and_captures(
    bench: Bench,
) -> None:
    due = a_payment_due()
    bench.gateway.fail("create_intent", Fault.TIMEOUT_AFTER)
    await bench.hear(due)
    await bench.run_operations()
    assert (await bench.payment(due.order_id)).status is Status.DUE
    _ = bench.gateway.pay("pi_1")
    await bench.receive(a_notice("pi_1"))
    assert [type(event) for event in await bench.told()] == [PaymentCaptured]
    await bench.retry()
    assert await bench.told() == []
    (operation,) = await bench.operations(due.order_id)
    assert (operation.status, operation.result) == (OperationStatus.DONE, "pi_1")
