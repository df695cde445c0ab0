"""An order that is about to end: what is true of its money is found out, and told once."""

import pytest

from payments.model.operation import OperationKind, OperationStatus
from payments.model.payment import Status, UnknownPayment
from payments.testing import (
    Bench,
    Fault,
    a_cancelled_order,
    a_closing,
    a_notice,
    a_payment_due,
    a_request,
)
from wareflow_events.schemas.payments import PaymentCaptured, PaymentVoided


async def test_a_payment_that_was_never_sent_is_void_at_once(story: Bench) -> None:
    due = a_payment_due()
    await story.hear(due, a_closing(due.order_id))
    (told,) = await story.told()
    assert isinstance(told, PaymentVoided)
    assert told.reason == "deadline"
    await story.run_operations()
    assert story.gateway.calls == []


async def test_an_open_payment_is_cancelled_at_the_gateway_and_then_void(story: Bench) -> None:
    payment = await story.opened()
    await story.hear(a_closing(payment.order_id, reason="customer"))
    assert (await story.payment(payment.order_id)).status is Status.CLOSING
    assert await story.told() == []
    await story.run_operations()
    (told,) = await story.told()
    assert isinstance(told, PaymentVoided)
    assert told.reason == "customer"
    assert story.gateway.intents["pi_1"].state == "cancelled"


async def test_a_payment_that_was_made_in_the_last_moment_is_captured(story: Bench) -> None:
    payment = await story.opened()
    await story.hear(a_closing(payment.order_id))
    _ = story.gateway.pay("pi_1")
    await story.run_operations()
    assert [type(event) for event in await story.told()] == [PaymentCaptured]
    ended = {each.kind: each.status for each in await story.operations(payment.order_id)}
    assert ended == {
        OperationKind.CREATE_INTENT: OperationStatus.DONE,
        OperationKind.CANCEL_INTENT: OperationStatus.FAILED,
    }


async def test_closing_while_the_intent_is_being_made_cancels_what_comes_of_it(
    story: Bench,
) -> None:
    due = a_payment_due()
    story.gateway.fail("create_intent", Fault.TIMEOUT_AFTER)
    await story.hear(due)
    await story.run_operations()
    await story.hear(a_closing(due.order_id))
    assert await story.told() == []
    await story.retry()
    assert [type(event) for event in await story.told()] == [PaymentVoided]
    assert story.gateway.intents["pi_1"].state == "cancelled"


async def test_closing_while_the_intent_is_being_refused_is_void(story: Bench) -> None:
    due = a_payment_due()
    story.gateway.fail("create_intent", Fault.TIMEOUT_BEFORE, Fault.REFUSED)
    await story.hear(due)
    await story.run_operations()
    await story.hear(a_closing(due.order_id))
    await story.retry()
    (told,) = await story.told()
    assert isinstance(told, PaymentVoided)
    assert told.reason == "deadline"


async def test_closing_while_the_keys_are_wrong_is_void_at_once(story: Bench) -> None:
    due = a_payment_due()
    story.gateway.fail("create_intent", Fault.WRONG_KEYS)
    await story.hear(due)
    await story.run_operations()
    await story.hear(a_closing(due.order_id))
    assert [type(event) for event in await story.told()] == [PaymentVoided]


async def test_closing_after_the_capture_changes_nothing(story: Bench) -> None:
    payment = await story.captured()
    await story.hear(a_closing(payment.order_id))
    await story.run_operations()
    assert await story.told() == []
    assert (await story.payment(payment.order_id)).status is Status.CAPTURED


async def test_money_on_its_way_keeps_a_payment_closing_until_it_is_decided(bench: Bench) -> None:
    payment = await bench.opened()
    _ = bench.gateway.process("pi_1")
    await bench.hear(a_closing(payment.order_id))
    await bench.run_operations()
    await bench.retry(times=3)
    assert (await bench.payment(payment.order_id)).status is Status.CLOSING
    _ = bench.gateway.decline("pi_1")
    await bench.retry()
    told = await bench.told()
    assert isinstance(told[-1], PaymentVoided)
    assert bench.gateway.intents["pi_1"].state == "cancelled"


async def test_money_on_its_way_that_arrives_is_captured(bench: Bench) -> None:
    payment = await bench.opened()
    _ = bench.gateway.process("pi_1")
    await bench.hear(a_closing(payment.order_id))
    await bench.run_operations()
    _ = bench.gateway.pay("pi_1")
    await bench.receive(a_notice("pi_1"))
    await bench.retry()
    assert [type(event) for event in await bench.told()] == [PaymentCaptured]


async def test_an_intent_that_somebody_cancelled_at_the_gateway_is_void(bench: Bench) -> None:
    payment = await bench.opened()
    _ = await bench.gateway.cancel_intent("pi_1", key=payment.id)
    await bench.receive(a_notice("pi_1", type="payment_intent.canceled"))
    (told,) = await bench.told()
    assert isinstance(told, PaymentVoided)
    assert told.reason == "gateway"


async def test_an_order_without_a_payment_cannot_close_one(bench: Bench) -> None:
    with pytest.raises(UnknownPayment):
        await bench.hear(a_closing(a_payment_due().order_id))


async def test_a_cancelled_order_without_a_payment_is_nothing_to_us(story: Bench) -> None:
    await story.hear(a_cancelled_order(a_payment_due().order_id))
    assert await story.told() == []


async def test_a_cancelled_order_leaves_nothing_that_can_still_be_paid(story: Bench) -> None:
    payment = await story.opened()
    await story.hear(a_cancelled_order(payment.order_id))
    await story.run_operations()
    assert [type(event) for event in await story.told()] == [PaymentVoided]


async def test_a_cancelled_order_that_was_paid_keeps_its_payment(story: Bench) -> None:
    payment = await story.captured()
    await story.hear(a_cancelled_order(payment.order_id, was_confirmed=True))
    await story.run_operations()
    assert await story.told() == []
    kinds = {each.kind for each in await story.operations(payment.order_id)}
    assert kinds == {OperationKind.CREATE_INTENT}


async def test_a_capture_after_the_void_goes_back_by_itself(story: Bench) -> None:
    payment = await story.opened()
    await story.hear(a_closing(payment.order_id))
    await story.run_operations()
    _ = await story.told()
    _ = story.gateway.pay("pi_1")
    await story.receive(a_notice("pi_1"), a_notice("pi_1"))
    await story.run_operations()
    (told,) = await story.told()
    assert type(told).__name__ == "PaymentRefunded"
    stored = await story.payment(payment.order_id)
    assert (stored.status, stored.captured, stored.refunded) == (Status.LATE, 1899, 1899)
    assert len(story.gateway.refunds) == 1


async def test_an_intent_that_appears_after_the_void_is_cancelled(bench: Bench) -> None:
    due = a_payment_due()
    await bench.hear(due, a_closing(due.order_id))
    _ = await bench.told()
    payment = await bench.payment(due.order_id)
    (creation,) = await bench.operations(due.order_id)
    _ = await bench.gateway.create_intent(a_request(due, payment.id, creation.id))
    await bench.receive(a_notice("pi_1"))
    await bench.run_operations()
    assert bench.gateway.intents["pi_1"].state == "cancelled"
    assert await bench.told() == []
    assert (await bench.payment(payment.order_id)).status is Status.VOIDED
