"""Calls whose outcome nobody knows: repeated with the same key, or looked up, never guessed."""

from datetime import timedelta

import pytest

from payments.model.operation import KEY_RETENTION, LEASE, OperationStatus
from payments.model.payment import Status
from payments.testing import Bench, Fault, a_payment_due
from payments.usecases.run_operations import OperationWork

UNCLEAR = [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.FAULT_BEFORE, Fault.FAULT_AFTER]


@pytest.mark.parametrize("fault", UNCLEAR)
@pytest.mark.parametrize("times", [1, 3])
async def test_an_intent_is_made_once_whatever_became_of_the_first_calls(
    bench: Bench, fault: Fault, times: int
) -> None:
    due = a_payment_due()
    bench.gateway.fail("create_intent", *[fault] * times)
    await bench.hear(due)
    await bench.run_operations()
    await bench.retry(times=2 * times + 3)
    assert (await bench.payment(due.order_id)).status is Status.OPEN
    assert len(bench.gateway.intents) == 1


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.WRONG_KEYS])
async def test_a_gateway_that_does_not_run_it_is_asked_again(bench: Bench, fault: Fault) -> None:
    due = a_payment_due()
    bench.gateway.fail("create_intent", fault)
    await bench.hear(due)
    await bench.run_operations()
    (operation,) = await bench.operations(due.order_id)
    assert operation.error is not None
    await bench.retry()
    assert (await bench.payment(due.order_id)).status is Status.OPEN


async def test_a_retry_comes_after_a_pause_and_not_before(bench: Bench) -> None:
    bench.gateway.fail("create_intent", Fault.TIMEOUT_BEFORE)
    await bench.hear(a_payment_due())
    await bench.run_operations()
    await bench.run_operations()
    assert bench.gateway.calls == ["create_intent"]
    _ = bench.clock.advance(seconds=1)
    await bench.run_operations()
    assert bench.gateway.calls == ["create_intent", "create_intent"]


@pytest.mark.parametrize("done", [True, False], ids=["after the effect", "before the effect"])
async def test_a_crash_between_call_and_record_gives_the_same_intent(
    bench: Bench, done: bool
) -> None:
    due = a_payment_due()
    await bench.hear(due)
    work = OperationWork(bench.gateway, livemode=False)
    async with bench.transactions.begin() as tx:
        (job,) = await work.claim(tx, 10)
    if done:
        _ = await work.call(job)
    await bench.run_operations()
    assert (await bench.payment(due.order_id)).status is Status.DUE  # the lease holds
    _ = bench.clock.advance(seconds=LEASE.total_seconds())
    await bench.run_operations()
    assert (await bench.payment(due.order_id)).intent_id == "pi_1"
    assert len(bench.gateway.intents) == 1


async def test_an_effect_whose_key_was_forgotten_is_found_and_not_repeated(bench: Bench) -> None:
    due = a_payment_due()
    bench.gateway.fail("create_intent", Fault.TIMEOUT_AFTER)
    await bench.hear(due)
    await bench.run_operations()
    _ = bench.clock.advance(days=2)
    bench.gateway.forget_keys()
    await bench.run_operations()
    assert bench.gateway.calls == ["create_intent", "find_intent"]
    assert (await bench.payment(due.order_id)).intent_id == "pi_1"


async def test_without_an_effect_a_forgotten_key_is_replaced_and_sent(bench: Bench) -> None:
    due = a_payment_due()
    bench.gateway.fail("create_intent", Fault.TIMEOUT_BEFORE)
    await bench.hear(due)
    await bench.run_operations()
    _ = bench.clock.advance(days=2)
    bench.gateway.forget_keys()
    await bench.run_operations()
    assert bench.gateway.calls == ["create_intent", "find_intent", "create_intent"]
    (operation,) = await bench.operations(due.order_id)
    assert operation.key != operation.id
    assert (await bench.payment(due.order_id)).status is Status.OPEN


async def test_a_request_that_may_still_arrive_keeps_its_old_key(bench: Bench) -> None:
    due = a_payment_due()
    bench.gateway.fail("create_intent", Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_BEFORE)
    await bench.hear(due)
    await bench.run_operations()
    _ = bench.clock.advance(seconds=(KEY_RETENTION - timedelta(seconds=10)).total_seconds())
    await bench.run_operations()
    _ = bench.clock.advance(seconds=20)
    await bench.run_operations()
    (operation,) = await bench.operations(due.order_id)
    assert bench.gateway.calls[-1] == "find_intent"
    assert (operation.key, operation.status) == (operation.id, OperationStatus.UNKNOWN)
    _ = bench.clock.advance(minutes=10)
    await bench.run_operations()
    assert (await bench.payment(due.order_id)).status is Status.OPEN


async def test_an_answer_that_comes_after_the_lease_does_not_undo_what_is_known(
    bench: Bench,
) -> None:
    due = a_payment_due()
    await bench.hear(due)
    work = OperationWork(bench.gateway, livemode=False)
    bench.gateway.fail("create_intent", Fault.TIMEOUT_BEFORE)
    async with bench.transactions.begin() as tx:
        (slow,) = await work.claim(tx, 10)
    answer = await work.call(slow)
    _ = bench.clock.advance(seconds=LEASE.total_seconds())
    await bench.run_operations()
    async with bench.transactions.begin() as tx:
        await work.record(tx, [(slow, answer)])
    (operation,) = await bench.operations(due.order_id)
    assert operation.status is OperationStatus.DONE
    assert (await bench.payment(due.order_id)).status is Status.OPEN


async def test_an_answer_that_comes_after_the_lease_does_not_disturb_who_took_over(
    bench: Bench,
) -> None:
    due = a_payment_due()
    await bench.hear(due)
    work = OperationWork(bench.gateway, livemode=False)
    bench.gateway.fail("create_intent", Fault.TIMEOUT_BEFORE)
    async with bench.transactions.begin() as tx:
        (slow,) = await work.claim(tx, 10)
    answer = await work.call(slow)
    _ = bench.clock.advance(seconds=LEASE.total_seconds())
    async with bench.transactions.begin() as tx:
        _ = await work.claim(tx, 10)
    async with bench.transactions.begin() as tx:
        await work.record(tx, [(slow, answer)])
    (operation,) = await bench.operations(due.order_id)
    assert operation.next_attempt_at == bench.clock() + LEASE
    assert (operation.attempts, operation.faults) == (2, 0)


async def test_two_workers_never_run_the_same_operation(bench: Bench) -> None:
    await bench.hear(*[a_payment_due() for _ in range(6)])
    work = OperationWork(bench.gateway, livemode=False)
    async with bench.transactions.begin() as first, bench.transactions.begin() as second:
        mine = {job.operation.id for job in await work.claim(first, 4)}
        theirs = {job.operation.id for job in await work.claim(second, 4)}
    assert (len(mine), len(theirs), mine & theirs) == (4, 2, set())


async def test_what_the_gateway_says_of_another_payment_is_kept_as_an_error(bench: Bench) -> None:
    due, other = a_payment_due(), a_payment_due()
    await bench.hear(due, other)
    bench.gateway.mix_up_payments = True
    await bench.run_operations()
    (operation,) = await bench.operations(due.order_id)
    assert operation.status is OperationStatus.UNKNOWN
    assert "Contradiction" in (operation.error or "")
    bench.gateway.mix_up_payments = False
    await bench.retry(times=4)
    assert (await bench.payment(due.order_id)).status is Status.OPEN
