"""The state table of a refund, and the sums that it keeps on its payment."""

from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.model import Payment, Refund
from payments.model.intent import Contradiction, GatewayRefund, RefundState
from payments.model.payment import Status
from payments.model.refund import NEXT, RefundFact, RefundStatus
from payments.testing import A_DAY
from wareflow_events.schemas.payments import PaymentRefunded, RefundFailed
from wareflow_events.schemas.shapes import Money

MINUTE = timedelta(minutes=1)


def a_captured_payment(amount: int = 1000) -> Payment:
    return Payment(
        id=uuid4(),
        order_id=uuid4(),
        number="1042",
        amount=amount,
        currency="EUR",
        livemode=False,
        test=True,
        status=Status.CAPTURED,
        captured=amount,
        refunded=0,
        pending_refund=0,
        looks=0,
        pay_by=A_DAY,
        created_at=A_DAY,
        updated_at=A_DAY,
    )


def ask(payment: Payment, amount: int, currency: str = "EUR") -> tuple[Refund, RefundFailed | None]:
    money = Money(amount=amount, currency=currency)
    return Refund.ask(payment, refund_id=uuid4(), amount=money, reason="customer", now=A_DAY)


def see(payment: Payment, refund: Refund, state: RefundState) -> object:
    told = GatewayRefund(id="re_1", state=state, amount=refund.money, refund_id=refund.id)
    return refund.see(payment, told, now=A_DAY, look_after=MINUTE)


def test_every_status_knows_what_to_do_with_every_fact() -> None:
    assert {(status, fact) for status in NEXT for fact in NEXT[status]} == set(
        product(RefundStatus, RefundFact)
    )


def test_a_refund_is_pending_until_it_succeeds() -> None:
    payment = a_captured_payment()
    refund, refused = ask(payment, 400)
    assert refused is None
    assert (payment.refunded, payment.pending_refund, payment.refundable) == (0, 400, 600)
    told = see(payment, refund, RefundState.SUCCEEDED)
    assert isinstance(told, PaymentRefunded)
    assert (told.amount.amount, told.refunded.amount) == (400, 400)
    assert (payment.refunded, payment.pending_refund, payment.refundable) == (400, 0, 600)


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [(1001, "EUR", "exceeds_captured"), (1, "USD", "wrong_currency")],
)
def test_what_was_not_taken_cannot_go_back(amount: int, currency: str, code: str) -> None:
    payment = a_captured_payment()
    refund, refused = ask(payment, amount, currency)
    assert refused is not None
    assert refused.code == code
    assert (refund.status, payment.pending_refund) == (RefundStatus.FAILED, 0)


def test_pending_refunds_count_as_gone() -> None:
    payment = a_captured_payment()
    _ = ask(payment, 600)
    _, refused = ask(payment, 401)
    assert refused is not None
    _, granted = ask(payment, 400)
    assert granted is None


def test_a_refused_refund_frees_what_it_held() -> None:
    payment = a_captured_payment()
    refund, _ = ask(payment, 400)
    told = refund.refuse(payment, code="charge_disputed", message="no", now=A_DAY)
    assert isinstance(told, RefundFailed)
    assert (payment.pending_refund, payment.refundable) == (0, 1000)


def test_a_refund_that_comes_back_is_told_as_failed_and_the_money_is_here_again() -> None:
    payment = a_captured_payment()
    refund, _ = ask(payment, 400)
    _ = see(payment, refund, RefundState.SUCCEEDED)
    assert isinstance(see(payment, refund, RefundState.FAILED), RefundFailed)
    assert (payment.refunded, payment.refundable) == (0, 1000)


def test_a_refusal_of_a_refund_that_exists_changes_nothing() -> None:
    payment = a_captured_payment()
    refund, _ = ask(payment, 400)
    _ = see(payment, refund, RefundState.PENDING)
    assert refund.refuse(payment, code="any", message="", now=A_DAY) is None
    assert payment.pending_refund == 400


@given(st.lists(st.sampled_from(RefundState), min_size=1, max_size=6))
def test_in_any_order_of_facts_the_sums_add_up_and_each_end_is_told_once(
    states: list[RefundState],
) -> None:
    payment = a_captured_payment()
    refund, _ = ask(payment, 400)
    told = [event for state in states if (event := see(payment, refund, state)) is not None]
    held = {RefundStatus.PENDING: (0, 400), RefundStatus.SUCCEEDED: (400, 0)}
    assert (payment.refunded, payment.pending_refund) == held.get(refund.status, (0, 0))
    assert len({type(event) for event in told}) == len(told)


def test_another_amount_under_the_same_id_is_a_contradiction() -> None:
    payment = a_captured_payment()
    refund, _ = ask(payment, 400)
    other = GatewayRefund(
        id="re_1", state=RefundState.SUCCEEDED, amount=Money(amount=401, currency="EUR")
    )
    with pytest.raises(Contradiction):
        _ = refund.see(payment, other, now=A_DAY, look_after=MINUTE)
