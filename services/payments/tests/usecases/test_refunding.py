"""Money that goes back: once per id, never more than was taken, and told when it is true."""

from uuid import uuid4

import pytest

from payments.model.intent import RefundState
from payments.model.operation import OperationStatus
from payments.model.payment import UnknownPayment
from payments.model.refund import RefundDueDiffers, RefundStatus
from payments.testing import Bench, Fault, a_closing, a_notice, a_payment_due, a_refund_due
from wareflow_events.schemas.payments import PaymentRefunded, RefundFailed


async def test_a_refund_that_is_due_is_made_once_and_told(story: Bench) -> None:
    payment = await story.captured()
    due = a_refund_due(payment.order_id, 500)
    await story.hear(due)
    await story.run_operations()
    (told,) = await story.told()
    assert isinstance(told, PaymentRefunded)
    assert (told.refund_id, told.amount.amount, told.refunded.amount) == (due.refund_id, 500, 500)
    assert [each.amount.amount for each in story.gateway.refunds.values()] == [500]


async def test_the_same_refund_asked_for_by_two_events_is_made_once(bench: Bench) -> None:
    payment = await bench.captured()
    due = a_refund_due(payment.order_id, 500)
    await bench.hear(due)
    await bench.hear(due, due)
    await bench.run_operations()
    assert len(bench.gateway.refunds) == 1
    assert len(await bench.told()) == 1


async def test_several_refunds_add_up_and_the_last_cent_cannot_go_twice(story: Bench) -> None:
    payment = await story.captured(amount=1000)
    dues = [a_refund_due(payment.order_id, amount) for amount in (400, 600, 1)]
    await story.hear(*dues)
    await story.run_operations()
    told = await story.told()
    refunded = [event.amount.amount for event in told if isinstance(event, PaymentRefunded)]
    assert sorted(refunded) == [400, 600]
    (failed,) = [event for event in told if isinstance(event, RefundFailed)]
    assert (failed.refund_id, failed.code) == (dues[2].refund_id, "exceeds_captured")


async def test_a_refund_of_what_was_never_captured_fails(story: Bench) -> None:
    payment = await story.opened()
    await story.hear(a_refund_due(payment.order_id, 1))
    (told,) = await story.told()
    assert isinstance(told, RefundFailed)
    assert len(story.gateway.refunds) == 0


async def test_a_refund_in_another_currency_fails(story: Bench) -> None:
    payment = await story.captured()
    await story.hear(a_refund_due(payment.order_id, 1, currency="USD"))
    (told,) = await story.told()
    assert isinstance(told, RefundFailed)
    assert told.code == "wrong_currency"


async def test_a_refund_of_an_order_without_a_payment_is_a_fault(bench: Bench) -> None:
    with pytest.raises(UnknownPayment):
        await bench.hear(a_refund_due(a_payment_due().order_id))


async def test_an_id_that_was_used_for_another_amount_is_a_fault(bench: Bench) -> None:
    payment = await bench.captured()
    refund_id = uuid4()
    await bench.hear(a_refund_due(payment.order_id, 500, refund_id=refund_id))
    with pytest.raises(RefundDueDiffers):
        await bench.hear(a_refund_due(payment.order_id, 501, refund_id=refund_id))
    await bench.run_operations()


async def test_a_refund_that_the_gateway_refuses_is_told_and_kept(story: Bench) -> None:
    payment = await story.captured()
    story.gateway.fail("create_refund", Fault.REFUSED)
    await story.hear(a_refund_due(payment.order_id, 500))
    await story.run_operations()
    (told,) = await story.told()
    assert isinstance(told, RefundFailed)
    assert told.code == "refused_on_request"
    (refund,) = await story.refunds(payment.order_id)
    assert refund.status is RefundStatus.FAILED
    assert (await story.payment(payment.order_id)).refundable == 1899


@pytest.mark.parametrize(
    "fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.FAULT_BEFORE, Fault.FAULT_AFTER]
)
async def test_a_refund_is_made_once_whatever_became_of_the_first_call(
    bench: Bench, fault: Fault
) -> None:
    payment = await bench.captured()
    bench.gateway.fail("create_refund", fault)
    await bench.hear(a_refund_due(payment.order_id, 500))
    await bench.run_operations()
    await bench.retry(times=4)
    assert len(bench.gateway.refunds) == 1
    assert len(await bench.told()) == 1


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER])
async def test_a_refund_whose_key_was_forgotten_is_looked_up_first(
    bench: Bench, fault: Fault
) -> None:
    payment = await bench.captured()
    bench.gateway.fail("create_refund", fault)
    await bench.hear(a_refund_due(payment.order_id, 500))
    await bench.run_operations()
    _ = bench.clock.advance(days=2)
    bench.gateway.forget_keys()
    await bench.run_operations()
    assert "find_refund" in bench.gateway.calls
    assert len(bench.gateway.refunds) == 1
    assert len(await bench.told()) == 1


async def test_a_refund_on_its_way_is_told_when_it_has_arrived(story: Bench) -> None:
    payment = await story.captured()
    story.gateway.refunds_go = RefundState.PENDING
    await story.hear(a_refund_due(payment.order_id, 500))
    await story.run_operations()
    assert await story.told() == []
    assert (await story.payment(payment.order_id)).pending_refund == 500
    (operation,) = [o for o in await story.operations(payment.order_id) if o.kind == "refund"]
    assert operation.status is OperationStatus.DONE
    (name,) = story.gateway.refunds
    _ = story.gateway.settle_refund(name, RefundState.SUCCEEDED)
    await story.receive(a_notice(name, type="refund.updated"))
    assert [type(event) for event in await story.told()] == [PaymentRefunded]


async def test_a_refund_that_comes_back_is_told_as_failed_and_booked_back(story: Bench) -> None:
    payment = await story.captured()
    await story.hear(a_refund_due(payment.order_id, 500))
    await story.run_operations()
    (name,) = story.gateway.refunds
    _ = story.gateway.settle_refund(name, RefundState.FAILED)
    await story.receive(a_notice(name, type="refund.failed"))
    assert [type(event) for event in await story.told()] == [PaymentRefunded, RefundFailed]
    kinds = await story.rows("SELECT kind FROM ledger_group ORDER BY kind")
    assert kinds == [("capture",), ("refund",), ("refund_returned",)]


async def test_a_webhook_that_overtakes_the_answer_of_its_refund_is_told_once(bench: Bench) -> None:
    payment = await bench.captured()
    bench.gateway.fail("create_refund", Fault.TIMEOUT_AFTER)
    await bench.hear(a_refund_due(payment.order_id, 500))
    await bench.run_operations()
    (name,) = bench.gateway.refunds
    await bench.receive(a_notice(name, type="refund.created"))
    await bench.retry()
    assert [type(event) for event in await bench.told()] == [PaymentRefunded]


async def test_a_refused_refund_of_a_late_capture_is_told_and_kept(bench: Bench) -> None:
    payment = await bench.opened()
    await bench.hear(a_closing(payment.order_id))
    await bench.run_operations()
    _ = await bench.told()
    _ = bench.gateway.pay("pi_1")
    bench.gateway.fail("create_refund", Fault.REFUSED)
    await bench.receive(a_notice("pi_1"))
    await bench.run_operations()
    assert [type(event) for event in await bench.told()] == [RefundFailed]
    (refund,) = await bench.refunds(payment.order_id)
    assert (refund.status, refund.reason) == (RefundStatus.FAILED, "late_capture")
