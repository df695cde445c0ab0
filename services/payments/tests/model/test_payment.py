"""The state table of a payment, walked cell by cell, and what each step tells."""

from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.model import Payment
from payments.model.intent import Charge, Contradiction, Declined, Intent, IntentState
from payments.model.payment import NEXT, UNDECIDED, Fact, Status
from payments.testing import A_DAY
from wareflow_events.schemas.payments import PaymentCaptured, PaymentFailed, PaymentVoided
from wareflow_events.schemas.shapes import Money

MINUTE = timedelta(minutes=1)


def a_payment(status: Status = Status.OPEN) -> Payment:
    taken = status in (Status.CAPTURED, Status.LATE)
    return Payment(
        id=uuid4(),
        order_id=uuid4(),
        number="1042",
        amount=1899,
        currency="EUR",
        livemode=False,
        test=True,
        status=status,
        captured=1899 if taken else 0,
        refunded=0,
        pending_refund=0,
        looks=0,
        pay_by=A_DAY,
        created_at=A_DAY,
        updated_at=A_DAY,
    )


def an_intent(payment: Payment, state: IntentState, **more: object) -> Intent:
    charge = Charge("card", "visa", "DE", A_DAY) if state is IntentState.CAPTURED else None
    facts = {
        "id": "pi_1",
        "amount": payment.due,
        "livemode": False,
        "order_id": payment.order_id,
        "payment_id": payment.id,
        "client_secret": "pi_1_secret",
        "charge": charge,
        **more,
    }
    return Intent(state=state, **facts)  # pyright: ignore[reportArgumentType]


def test_every_status_knows_what_to_do_with_every_fact() -> None:
    assert {(status, fact) for status in NEXT for fact in NEXT[status]} == set(
        product(Status, Fact)
    )


@given(st.lists(st.sampled_from(Fact)))
def test_money_that_was_taken_stays_taken_whatever_comes(facts: list[Fact]) -> None:
    status = Status.CAPTURED
    for fact in facts:
        status = NEXT[status][fact]
    assert status is Status.CAPTURED


@given(st.lists(st.sampled_from(Fact)))
def test_a_payment_is_decided_at_most_once_but_for_money_that_comes_late(
    facts: list[Fact],
) -> None:
    seen = [status := Status.DUE]
    for fact in facts:
        status = NEXT[status][fact]
        if status is not seen[-1]:
            seen.append(status)
    decided = [status for status in seen if status not in UNDECIDED]
    assert decided in ([], [Status.CAPTURED], [Status.VOIDED], [Status.VOIDED, Status.LATE])


@given(st.lists(st.sampled_from(Fact)))
def test_a_payment_that_is_closing_never_opens_again(facts: list[Fact]) -> None:
    status = Status.CLOSING
    for fact in facts:
        status = NEXT[status][fact]
        assert status not in (Status.DUE, Status.OPEN)


@pytest.mark.parametrize(
    ("state", "status", "tells"),
    [
        (IntentState.ALIVE, Status.OPEN, None),
        (IntentState.PROCESSING, Status.OPEN, None),
        (IntentState.CAPTURED, Status.CAPTURED, PaymentCaptured),
        (IntentState.CANCELLED, Status.VOIDED, PaymentVoided),
    ],
)
def test_what_the_gateway_says_decides_a_payment_that_is_due(
    state: IntentState, status: Status, tells: type | None
) -> None:
    payment = a_payment(Status.DUE)
    told = payment.see(an_intent(payment, state), now=A_DAY, look_after=MINUTE)
    assert payment.status is status
    assert (type(told) if told else None) is tells
    assert (payment.look_at is None) == (status is not Status.OPEN)


def test_the_same_truth_twice_is_told_once() -> None:
    payment = a_payment()
    paid = an_intent(payment, IntentState.CAPTURED)
    assert payment.see(paid, now=A_DAY, look_after=MINUTE) is not None
    assert payment.see(paid, now=A_DAY, look_after=MINUTE) is None


def test_a_stale_truth_changes_nothing() -> None:
    payment = a_payment()
    _ = payment.see(an_intent(payment, IntentState.CAPTURED), now=A_DAY, look_after=MINUTE)
    told = payment.see(an_intent(payment, IntentState.ALIVE), now=A_DAY, look_after=MINUTE)
    assert (told, payment.status, payment.client_secret) == (None, Status.CAPTURED, None)


def test_money_that_comes_after_a_void_is_kept_apart_and_not_told_as_a_capture() -> None:
    payment = a_payment(Status.VOIDED)
    told = payment.see(an_intent(payment, IntentState.CAPTURED), now=A_DAY, look_after=MINUTE)
    assert told is None
    assert (payment.status, payment.captured, payment.refundable) == (Status.LATE, 1899, 1899)


def test_a_decided_payment_keeps_no_secret() -> None:
    payment = a_payment(Status.DUE)
    _ = payment.see(an_intent(payment, IntentState.ALIVE), now=A_DAY, look_after=MINUTE)
    assert payment.client_secret == "pi_1_secret"
    _ = payment.see(an_intent(payment, IntentState.CANCELLED), now=A_DAY, look_after=MINUTE)
    assert payment.client_secret is None


def test_a_void_says_why_the_order_closed() -> None:
    payment = a_payment()
    payment.close("customer", now=A_DAY)
    told = payment.see(an_intent(payment, IntentState.CANCELLED), now=A_DAY, look_after=MINUTE)
    assert isinstance(told, PaymentVoided)
    assert told.reason == "customer"


def test_a_second_reason_to_close_does_not_replace_the_first() -> None:
    payment = a_payment()
    payment.close("deadline", now=A_DAY)
    payment.close("customer", now=A_DAY)
    assert payment.reason == "deadline"


def test_a_refused_intent_voids_the_payment_and_says_why() -> None:
    payment = a_payment(Status.DUE)
    told = payment.refuse("amount_too_small", now=A_DAY)
    assert isinstance(told, PaymentVoided)
    assert told.reason == "refused: amount_too_small"


def test_a_refusal_that_comes_when_an_intent_exists_voids_nothing() -> None:
    payment = a_payment(Status.OPEN)
    assert payment.refuse("any", now=A_DAY) is None
    assert payment.status is Status.OPEN


@pytest.mark.parametrize("status", Status)
def test_a_decline_is_told_only_while_the_payment_is_undecided(status: Status) -> None:
    told = a_payment(status).decline(Declined("ch_1", "card_declined", "lost_card"), now=A_DAY)
    assert (isinstance(told, PaymentFailed)) == (status in UNDECIDED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"payment_id": uuid4()},
        {"payment_id": None},
        {"amount": Money(amount=1, currency="EUR")},
        {"amount": Money(amount=1899, currency="USD")},
        {"livemode": True},
        {"id": "pi_2"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_an_intent_that_is_not_the_payments_own_is_a_contradiction(
    wrong: dict[str, object],
) -> None:
    payment = a_payment()
    payment.intent_id = "pi_1"
    foreign = an_intent(payment, IntentState.CAPTURED, **wrong)
    with pytest.raises(Contradiction):
        _ = payment.see(foreign, now=A_DAY, look_after=MINUTE)
    assert payment.status is Status.OPEN


def test_looks_become_rarer_and_then_stay_as_rare() -> None:
    payment = a_payment()
    pauses: list[timedelta] = []
    for _ in range(10):
        payment.looked(now=A_DAY, look_after=MINUTE)
        assert payment.look_at is not None
        pauses.append(payment.look_at - A_DAY)
    assert pauses[:3] == [2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert pauses[-1] == pauses[-2] == 128 * MINUTE
