"""What the steps of an order do with money and reasons, beyond the table."""

from datetime import timedelta
from uuid import uuid4

import pytest

from orders.model.decisions import Impossible, Signal, decide, refund_id
from orders.model.order import Order
from orders.model.states import PaymentStatus, Stage, Status, Trigger
from orders.testing import A_DAY, an_order, eur
from wareflow_events.event import Event
from wareflow_events.schemas.orders import (
    OrderCancelled,
    OrderConfirmed,
    PaymentClosing,
    PaymentDue,
    RefundDue,
    ShortOrderLine,
)


def happen(order: Order, trigger: Trigger, **brings: object) -> list[Event]:
    amount = brings.pop("amount", order.money(order.total))
    _ = brings.setdefault("refund_id", uuid4())
    return decide(order, Signal(trigger, amount=amount, **brings), now=A_DAY)  # pyright: ignore[reportArgumentType]


def test_held_stock_makes_the_whole_total_due_within_the_time_that_was_agreed() -> None:
    order = an_order()
    (due,) = happen(order, Trigger.STOCK_RESERVED)
    assert isinstance(due, PaymentDue)
    assert due.amount == order.money(order.total)
    assert due.pay_by == A_DAY + timedelta(minutes=30)


def test_a_free_order_is_confirmed_when_its_stock_is_held() -> None:
    order = an_order(cents=(0,))
    order.shipping = order.total = 0
    (confirmed,) = happen(order, Trigger.STOCK_RESERVED)
    assert isinstance(confirmed, OrderConfirmed)
    assert (order.status, order.payment_status) == (Status.CONFIRMED, PaymentStatus.NOT_DUE)


def test_a_free_order_is_cancelled_without_a_refund() -> None:
    order = an_order(cents=(0,))
    order.shipping = order.total = 0
    _ = happen(order, Trigger.STOCK_RESERVED)
    (cancelled,) = happen(order, Trigger.CANCEL_BY_CUSTOMER)
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.was_confirmed


def test_short_stock_cancels_with_the_missing_lines() -> None:
    order = an_order()
    missing = ShortOrderLine(line_id=uuid4(), variant_id=uuid4(), requested=2, available=1)
    (cancelled,) = happen(order, Trigger.STOCK_SHORT, missing=[missing])
    assert isinstance(cancelled, OrderCancelled)
    assert (cancelled.reason, cancelled.missing) == ("short_stock", [missing])
    assert not cancelled.was_confirmed


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (Trigger.CANCEL_BY_CUSTOMER, "customer"),
        (Trigger.CANCEL_BY_STAFF, "staff"),
        (Trigger.PAY_DEADLINE, "deadline"),
    ],
)
def test_while_money_may_be_on_its_way_the_gateway_is_asked_first(
    wish: Trigger, reason: str
) -> None:
    order = an_order(Stage.AWAITING_PAYMENT)
    assert happen(order, wish) == [PaymentClosing(order_id=order.id, reason=reason)]


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (Trigger.CANCEL_BY_CUSTOMER, "customer"),
        (Trigger.CANCEL_BY_STAFF, "staff"),
        (Trigger.PAY_DEADLINE, "payment_deadline"),
    ],
)
def test_a_voided_payment_ends_the_order_for_the_reason_it_was_closed(
    wish: Trigger, reason: str
) -> None:
    order = an_order(Stage.AWAITING_PAYMENT)
    _ = happen(order, wish)
    (cancelled,) = happen(order, Trigger.PAYMENT_VOIDED)
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.reason == reason
    assert order.payment_status == PaymentStatus.VOIDED


def test_a_payment_that_cannot_be_made_any_more_ends_the_order() -> None:
    order = an_order(Stage.AWAITING_PAYMENT)
    (cancelled,) = happen(order, Trigger.PAYMENT_VOIDED)
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.reason == "payment_failed"


def test_money_in_the_last_moment_is_a_sale_if_only_the_deadline_had_passed() -> None:
    order = an_order(Stage.CLOSING_LATE)
    (confirmed,) = happen(order, Trigger.PAYMENT_CAPTURED)
    assert isinstance(confirmed, OrderConfirmed)
    assert order.payment_status == PaymentStatus.PAID


def test_money_in_the_last_moment_goes_back_if_the_customer_wanted_out() -> None:
    order = an_order(Stage.CLOSING_OUT)
    cancelled, refund = happen(order, Trigger.PAYMENT_CAPTURED)
    assert isinstance(cancelled, OrderCancelled)
    assert not cancelled.was_confirmed
    assert isinstance(refund, RefundDue)
    assert (refund.amount, refund.reason) == (order.money(order.total), "customer")


def test_a_customer_may_want_out_after_the_deadline_has_passed() -> None:
    order = an_order(Stage.CLOSING_LATE)
    assert happen(order, Trigger.CANCEL_BY_CUSTOMER) == []
    _, refund = happen(order, Trigger.PAYMENT_CAPTURED)
    assert isinstance(refund, RefundDue)


def test_a_refund_for_cancelling_has_one_id_however_often_it_is_asked_for() -> None:
    order = an_order()
    assert refund_id(order) == refund_id(order)
    assert refund_id(order) != refund_id(an_order())


def test_what_went_back_before_is_not_sent_back_again() -> None:
    order = an_order(Stage.CONFIRMED)
    _ = happen(order, Trigger.PAYMENT_REFUNDED, amount=eur(500))
    assert order.payment_status == PaymentStatus.PARTLY_REFUNDED
    _, refund = happen(order, Trigger.CANCEL_BY_STAFF)
    assert isinstance(refund, RefundDue)
    assert refund.amount == eur(order.total - 500)
    _ = happen(order, Trigger.PAYMENT_REFUNDED, amount=refund.amount)
    assert order.payment_status == PaymentStatus.REFUNDED


def test_a_refused_refund_is_shown_until_one_goes_through() -> None:
    order = an_order(Stage.CONFIRMED)
    _ = happen(order, Trigger.CANCEL_BY_CUSTOMER)
    _ = happen(order, Trigger.REFUND_FAILED)
    assert order.payment_status == PaymentStatus.REFUND_FAILED
    _ = happen(order, Trigger.PAYMENT_REFUNDED)
    assert order.payment_status == PaymentStatus.REFUNDED


def test_a_capture_of_another_amount_is_a_fault() -> None:
    order = an_order(Stage.AWAITING_PAYMENT)
    with pytest.raises(Impossible):
        _ = happen(order, Trigger.PAYMENT_CAPTURED, amount=eur(order.total - 1))
    assert (order.captured, order.status) == (0, Status.AWAITING_PAYMENT)


def test_money_after_a_void_is_noted_and_left_to_payments() -> None:
    order = an_order(Stage.CANCELLED)
    assert happen(order, Trigger.PAYMENT_CAPTURED) == []
    assert (order.captured, order.payment_status) == (order.total, PaymentStatus.REFUNDING)
    _ = happen(order, Trigger.PAYMENT_REFUNDED)
    assert order.payment_status == PaymentStatus.REFUNDED


def test_money_after_a_void_may_be_told_by_its_refund_only() -> None:
    order = an_order(Stage.CANCELLED)
    _ = happen(order, Trigger.PAYMENT_REFUNDED)
    assert (order.captured, order.refunded) == (order.total, order.total)
    assert order.payment_status == PaymentStatus.REFUNDED


def test_money_for_an_order_that_never_was_due_is_a_fault() -> None:
    order = an_order()
    _ = happen(order, Trigger.CANCEL_BY_CUSTOMER)
    with pytest.raises(Impossible):
        _ = happen(order, Trigger.PAYMENT_CAPTURED)


def test_money_that_is_taken_twice_is_a_fault() -> None:
    order = an_order(Stage.CLOSING_OUT)
    _ = happen(order, Trigger.PAYMENT_CAPTURED)
    with pytest.raises(Impossible):
        _ = happen(order, Trigger.PAYMENT_CAPTURED)


@pytest.mark.parametrize("amount", [0, -1, 10**9])
def test_a_refund_that_does_not_add_up_is_a_fault(amount: int) -> None:
    order = an_order(Stage.CONFIRMED)
    with pytest.raises(Impossible):
        _ = happen(order, Trigger.PAYMENT_REFUNDED, amount=eur(amount))
    assert order.refunded == 0


def test_a_refund_counts_once() -> None:
    order, refund = an_order(Stage.CONFIRMED), uuid4()
    _ = happen(order, Trigger.PAYMENT_REFUNDED, amount=eur(500), refund_id=refund)
    with pytest.raises(Impossible):
        _ = happen(order, Trigger.PAYMENT_REFUNDED, amount=eur(500), refund_id=refund)


def test_a_refund_that_the_bank_sends_back_does_not_count_any_more() -> None:
    order, refund = paid_and_cancelled(), uuid4()
    _ = happen(order, Trigger.PAYMENT_REFUNDED, refund_id=refund)
    _ = happen(order, Trigger.REFUND_FAILED, refund_id=refund)
    assert (order.refunded, order.payment_status) == (0, PaymentStatus.REFUND_FAILED)
    _ = happen(order, Trigger.PAYMENT_REFUNDED)
    assert (order.refunded, order.payment_status) == (order.total, PaymentStatus.REFUNDED)


def paid_and_cancelled() -> Order:
    order = an_order(Stage.CONFIRMED)
    _ = happen(order, Trigger.CANCEL_BY_CUSTOMER)
    return order


def test_a_decline_leaves_the_payment_due() -> None:
    order = an_order(Stage.AWAITING_PAYMENT)
    _ = happen(order, Trigger.PAYMENT_FAILED)
    assert (order.status, order.payment_status) == (
        Status.AWAITING_PAYMENT,
        PaymentStatus.DECLINED,
    )
