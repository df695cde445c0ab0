"""What no webhook came for is looked up, ever more rarely."""

from prometheus_client import REGISTRY

from payments.model.intent import RefundState
from payments.model.payment import Status
from payments.testing import Bench, Fault, a_closing, a_refund_due
from payments.usecases.look_up import PaymentWork
from payments.usecases.measure import measure
from wareflow_events.schemas.payments import PaymentCaptured, PaymentRefunded, PaymentVoided


def counted(what: str) -> float | None:
    return REGISTRY.get_sample_value("payments_unresolved", {"what": what})


async def test_a_payment_whose_webhook_was_lost_is_captured_all_the_same(bench: Bench) -> None:
    _ = await bench.opened()
    _ = bench.gateway.pay("pi_1")
    _ = bench.clock.advance(seconds=59)
    await bench.run("look_up_payments")
    assert await bench.told() == []
    _ = bench.clock.advance(seconds=1)
    await bench.run("look_up_payments")
    assert [type(event) for event in await bench.told()] == [PaymentCaptured]


async def test_looks_are_put_off_even_when_the_gateway_does_not_answer(bench: Bench) -> None:
    payment = await bench.opened()
    bench.gateway.fail("retrieve_intent", Fault.TIMEOUT_BEFORE)
    _ = bench.clock.advance(seconds=60)
    await bench.run("look_up_payments")
    await bench.run("look_up_payments")
    assert bench.gateway.calls.count("retrieve_intent") == 1
    look_at = (await bench.payment(payment.order_id)).look_at
    assert look_at is not None
    assert (look_at - bench.clock()).total_seconds() == 120


async def test_a_decided_payment_is_not_looked_up(bench: Bench) -> None:
    _ = await bench.captured()
    before = len(bench.gateway.calls)
    _ = bench.clock.advance(days=1)
    await bench.run("look_up_payments")
    assert len(bench.gateway.calls) == before


async def test_a_closing_payment_is_found_void_though_its_cancellation_is_stuck(
    bench: Bench,
) -> None:
    payment = await bench.opened()
    bench.gateway.fail("cancel_intent", Fault.TIMEOUT_AFTER)
    await bench.hear(a_closing(payment.order_id))
    await bench.run_operations()
    _ = bench.clock.advance(seconds=60)
    await bench.run("look_up_payments")
    assert [type(event) for event in await bench.told()] == [PaymentVoided]
    await bench.retry()
    assert await bench.told() == []


async def test_two_workers_never_look_at_the_same_payment(bench: Bench) -> None:
    for _ in range(3):
        _ = await bench.opened()
    _ = bench.clock.advance(seconds=60)
    work = PaymentWork(bench.gateway)
    async with bench.transactions.begin() as first, bench.transactions.begin() as second:
        mine = {job.id for job in await work.claim(first, 2)}
        theirs = {job.id for job in await work.claim(second, 2)}
    assert (len(mine), len(theirs), mine & theirs) == (2, 1, set())


async def test_what_contradicts_a_payment_is_kept_on_it_until_it_makes_sense_again(
    bench: Bench,
) -> None:
    payment, other = await bench.opened(), await bench.opened()
    bench.gateway.alter("pi_1", payment_id=other.id)
    _ = bench.clock.advance(seconds=60)
    await bench.run("look_up_payments")
    assert "Contradiction" in ((await bench.payment(payment.order_id)).trouble or "")
    bench.gateway.alter("pi_1", payment_id=payment.id)
    _ = bench.clock.advance(seconds=120)
    await bench.run("look_up_payments")
    assert (await bench.payment(payment.order_id)).trouble is None


async def test_a_refund_whose_webhook_was_lost_is_told_all_the_same(bench: Bench) -> None:
    payment = await bench.captured()
    bench.gateway.refunds_go = RefundState.PENDING
    await bench.hear(a_refund_due(payment.order_id, 500))
    await bench.run_operations()
    (name,) = bench.gateway.refunds
    _ = bench.gateway.settle_refund(name, RefundState.SUCCEEDED)
    _ = bench.clock.advance(minutes=10)
    await bench.run("look_up_refunds")
    assert [type(event) for event in await bench.told()] == [PaymentRefunded]


async def test_what_stays_unclear_for_long_is_counted(bench: Bench) -> None:
    payment = await bench.opened()
    _ = bench.gateway.process("pi_1")
    await bench.hear(a_closing(payment.order_id))
    await bench.run_operations()
    _ = await measure(bench.transactions)
    assert counted("closing") == 0
    await bench.retry(times=2)
    _ = await measure(bench.transactions)
    assert counted("closing") == 1
    assert (await bench.payment(payment.order_id)).status is Status.CLOSING


async def test_a_refund_that_the_gateway_refuses_is_counted_while_the_money_is_here(
    bench: Bench,
) -> None:
    payment = await bench.captured()
    bench.gateway.fail("create_refund", Fault.REFUSED)
    await bench.hear(a_refund_due(payment.order_id))
    await bench.run_operations()
    _ = await measure(bench.transactions)
    assert counted("refund_failed") == 1
    await bench.hear(a_refund_due(payment.order_id))
    await bench.run_operations()
    _ = await measure(bench.transactions)
    assert counted("refund_failed") == 0
