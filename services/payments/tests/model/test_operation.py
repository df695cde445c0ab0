"""What is done with an operation next: sent, sent again with the same key, or looked up."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from payments.model import Operation, Payment
from payments.model.operation import (
    KEY_RETENTION,
    LEASE,
    LOOK_UP_EVERY,
    OperationStatus,
    Step,
)
from payments.model.payment import Status
from payments.testing import A_DAY


def an_operation() -> Operation:
    payment = Payment(
        id=uuid4(),
        order_id=uuid4(),
        number="1042",
        amount=1899,
        currency="EUR",
        livemode=False,
        status=Status.DUE,
    )
    return Operation.to_create(payment, now=A_DAY)


def after(**parts: float) -> datetime:
    return A_DAY + timedelta(**parts)


def test_a_fresh_operation_is_sent_with_its_own_id_as_the_key() -> None:
    operation = an_operation()
    assert operation.claim(now=A_DAY) is Step.SEND
    assert operation.key == operation.id


def test_a_claim_is_a_lease_and_counts_as_sent_at_once() -> None:
    operation = an_operation()
    _ = operation.claim(now=A_DAY)
    assert operation.status is OperationStatus.UNKNOWN
    assert operation.next_attempt_at == A_DAY + LEASE
    assert operation.first_sent_at == A_DAY


def test_an_unclear_outcome_is_sent_again_with_the_same_key() -> None:
    operation = an_operation()
    _ = operation.claim(now=A_DAY)
    operation.unclear("timed out", now=A_DAY, after=1)
    assert operation.claim(now=after(seconds=1)) is Step.SEND
    assert operation.key == operation.id
    assert operation.first_sent_at == A_DAY


def test_a_key_that_the_gateway_may_have_forgotten_is_looked_up() -> None:
    operation = an_operation()
    _ = operation.claim(now=A_DAY)
    assert operation.claim(now=A_DAY + KEY_RETENTION - timedelta(seconds=1)) is Step.SEND
    assert operation.claim(now=A_DAY + KEY_RETENTION) is Step.LOOK_UP


def test_a_spent_key_is_looked_up() -> None:
    operation = an_operation()
    _ = operation.claim(now=A_DAY)
    operation.unclear("500", now=A_DAY, after=1, spent=True)
    assert operation.claim(now=after(seconds=1)) is Step.LOOK_UP


def test_answers_that_never_tell_are_looked_up_now_and_then() -> None:
    operation = an_operation()
    steps: list[Step] = []
    for _ in range(2 * LOOK_UP_EVERY):
        steps.append(operation.claim(now=A_DAY))
        operation.unclear("timed out", now=A_DAY, after=0)
    assert steps.count(Step.LOOK_UP) == 2
    assert steps[0] is Step.SEND


@pytest.mark.parametrize(
    ("spent", "sent_for", "proven"),
    [
        (False, timedelta(hours=1), False),
        (False, KEY_RETENTION, True),
        (True, timedelta(seconds=5), False),
        (True, timedelta(seconds=10), True),
    ],
)
def test_a_look_that_finds_nothing_frees_the_operation_only_when_that_proves_it(
    spent: bool, sent_for: timedelta, proven: bool
) -> None:
    operation, new_key = an_operation(), uuid4()
    _ = operation.claim(now=A_DAY)
    operation.unclear("500", now=A_DAY, after=0, spent=spent)
    operation.without_effect(now=A_DAY + sent_for, new_key=new_key, after=1)
    assert (operation.key == new_key) is proven
    assert (operation.status is OperationStatus.PENDING) is proven
    assert (operation.first_sent_at is None) is proven


def test_an_old_key_that_was_sent_just_now_is_not_proven_to_be_without_effect() -> None:
    operation = an_operation()
    _ = operation.claim(now=A_DAY)
    _ = operation.claim(now=A_DAY + KEY_RETENTION - timedelta(seconds=1))
    operation.without_effect(now=A_DAY + KEY_RETENTION, new_key=uuid4(), after=1)
    assert operation.key == operation.id


def test_who_was_turned_away_at_once_is_surely_without_effect() -> None:
    operation = an_operation()
    _ = operation.claim(now=A_DAY)
    operation.turned_away("invalid API key", now=A_DAY, after=30)
    assert (operation.status, operation.first_sent_at) == (OperationStatus.PENDING, None)


def test_who_was_turned_away_later_may_have_had_an_effect_before() -> None:
    operation = an_operation()
    _ = operation.claim(now=A_DAY)
    operation.unclear("timed out", now=A_DAY, after=1)
    _ = operation.claim(now=after(seconds=1))
    operation.turned_away("invalid API key", now=after(seconds=1), after=30)
    assert (operation.status, operation.first_sent_at) == (OperationStatus.UNKNOWN, A_DAY)


def test_only_what_was_never_sent_can_be_called_off() -> None:
    fresh, sent = an_operation(), an_operation()
    _ = sent.claim(now=A_DAY)
    assert fresh.drop(now=A_DAY)
    assert not sent.drop(now=A_DAY)
    assert (fresh.status, fresh.next_attempt_at) == (OperationStatus.DROPPED, None)
    assert sent.status is OperationStatus.UNKNOWN
