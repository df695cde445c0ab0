"""An order among neighbours that answer when they like: whatever crosses on the way, it ends well.

Inventory and payments are played by the shortest models that keep to their part of the story; both
hear the order's topic in its order, and their answers arrive in any interleaving.
"""

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from orders.model.decisions import NotConfirmed, OrderClosed, Signal, decide
from orders.model.states import PaymentStatus, Stage, Status, Trigger
from orders.testing import A_DAY, an_order
from wareflow_events.event import Event
from wareflow_events.schemas.orders import (
    OrderCancelled,
    OrderFulfilled,
    PaymentClosing,
    PaymentDue,
    RefundDue,
)

ENDED = (Stage.CONFIRMED, Stage.FULFILLED, Stage.CANCELLED)


class Inventory:
    """Holds all or nothing; a hold ends by the order being cancelled or fulfilled only."""

    def __init__(self) -> None:
        self.heard = 0
        self.state = "new"
        self.answers: deque[Signal] = deque()

    def reserve(self, *, suffices: bool) -> None:
        self.state = "held" if suffices else "short"
        trigger = Trigger.STOCK_RESERVED if suffices else Trigger.STOCK_SHORT
        self.answers.append(Signal(trigger))

    def hear(self, event: Event) -> None:
        if isinstance(event, OrderCancelled) and self.state == "held":
            self.state = "released"
            self.answers.append(Signal(Trigger.STOCK_RELEASED))
        if isinstance(event, OrderFulfilled):
            assert self.state == "held"
            self.state = "shipped"
            self.answers.append(Signal(Trigger.STOCK_SHIPPED))


class Payments:
    """One intent; captured at most once; refunds what it is asked to, and what came too late."""

    def __init__(self) -> None:
        self.heard = 0
        self.state = "none"
        self.refunds: list[RefundDue] = []
        self.refunded = 0
        self.last_refund: tuple[UUID, int] | None = None
        self.total = 0
        self.answers: deque[Signal] = deque()

    def hear(self, event: Event) -> None:
        if isinstance(event, PaymentDue):
            assert self.state == "none"
            self.state, self.total = "open", event.amount.amount
        if isinstance(event, PaymentClosing) and self.state == "open":
            self.void()
        if isinstance(event, RefundDue):
            self.refunds.append(event)

    def decline(self) -> None:
        self.answers.append(Signal(Trigger.PAYMENT_FAILED))

    def void(self) -> None:
        self.state = "voided"
        self.answers.append(Signal(Trigger.PAYMENT_VOIDED))


class Saga(RuleBasedStateMachine):
    """The order, its two neighbours, and whoever has wishes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = A_DAY
        self.order = an_order()
        self.log: list[Event] = []
        self.inventory = Inventory()
        self.payments = Payments()
        self.wanted_out = False

    def happen(self, signal: Signal) -> None:
        self.log += decide(self.order, signal, now=self.now)

    def wish(self, trigger: Trigger) -> bool:
        """Whether it was granted."""
        try:
            self.happen(Signal(trigger))
        except (NotConfirmed, OrderClosed):
            return False
        return True

    # --- inventory ---

    @precondition(lambda self: self.inventory.state == "new")
    @rule(suffices=st.booleans())
    def inventory_hears_of_the_order(self, suffices: bool) -> None:
        self.inventory.reserve(suffices=suffices)

    @precondition(
        lambda self: self.inventory.state != "new" and self.inventory.heard < len(self.log)
    )
    @rule()
    def inventory_reads_on(self) -> None:
        self.inventory.hear(self.log[self.inventory.heard])
        self.inventory.heard += 1

    @precondition(lambda self: self.inventory.answers)
    @rule()
    def inventory_is_heard(self) -> None:
        self.happen(self.inventory.answers.popleft())

    # --- payments ---

    @precondition(lambda self: self.payments.heard < len(self.log))
    @rule()
    def payments_reads_on(self) -> None:
        self.payments.hear(self.log[self.payments.heard])
        self.payments.heard += 1

    @precondition(lambda self: self.payments.answers)
    @rule()
    def payments_is_heard(self) -> None:
        self.happen(self.payments.answers.popleft())

    @precondition(lambda self: self.payments.state == "open")
    @rule(what=st.sampled_from(["decline", "capture", "cancelled at the gateway"]))
    def the_customer_tries_to_pay(self, what: str) -> None:
        if what == "decline":
            self.payments.decline()
        elif what == "capture":
            self.capture("captured")
        else:
            self.payments.void()

    @precondition(lambda self: self.payments.state == "voided")
    @rule(told=st.booleans())
    def money_turns_up_after_the_void(self, told: bool) -> None:
        if told:
            self.capture("refunded")
        self.payments.state = "refunded"
        self.refund(self.payments.total)

    @precondition(lambda self: self.payments.refunds)
    @rule(goes_through=st.booleans())
    def payments_refunds(self, goes_through: bool) -> None:
        assert self.payments.state == "captured"
        if goes_through:
            self.refund(self.payments.refunds.pop().amount.amount)
        else:
            self.payments.answers.append(Signal(Trigger.REFUND_FAILED, refund_id=uuid4()))

    @precondition(lambda self: self.payments.last_refund and not self.payments.refunds)
    @rule()
    def the_bank_sends_a_refund_back_and_it_is_made_anew(self) -> None:
        assert self.payments.last_refund is not None
        refund_id, amount = self.payments.last_refund
        self.payments.answers.append(Signal(Trigger.REFUND_FAILED, refund_id=refund_id))
        self.payments.refunded -= amount
        self.refund(amount)

    @precondition(
        lambda self: (
            self.payments.state == "captured"
            and not self.payments.refunded
            and self.order.stage in (Stage.CONFIRMED, Stage.FULFILLED)
            and self.payments.heard == len(self.log)
            and not self.payments.answers
        )
    )
    @rule()
    def the_staff_refunds_a_part_at_payments(self) -> None:
        self.refund(1)

    def capture(self, state: str) -> None:
        self.payments.state = state
        amount = self.order.money(self.payments.total)
        self.payments.answers.append(Signal(Trigger.PAYMENT_CAPTURED, amount=amount))

    def refund(self, amount: int) -> None:
        left = min(amount, self.payments.total - self.payments.refunded)
        self.payments.refunded += left
        self.payments.last_refund = uuid4(), left
        self.payments.answers.append(
            Signal(
                Trigger.PAYMENT_REFUNDED,
                amount=self.order.money(left),
                refund_id=self.payments.last_refund[0],
            )
        )

    # --- people and clocks ---

    @precondition(lambda self: self.order.stage is not Stage.PLACED)
    @rule(by=st.sampled_from([Trigger.CANCEL_BY_CUSTOMER, Trigger.CANCEL_BY_STAFF]))
    def somebody_wants_out(self, by: Trigger) -> None:
        self.wanted_out |= self.wish(by)

    @precondition(lambda self: self.order.stage is Stage.PLACED)
    @rule(really=st.sampled_from([False, False, False, True]))
    def somebody_thinks_better_of_it_at_once(self, really: bool) -> None:
        if really:
            self.wanted_out |= self.wish(Trigger.CANCEL_BY_CUSTOMER)

    @precondition(lambda self: self.inventory.state != "new")
    @rule()
    def the_staff_fulfils(self) -> None:
        _ = self.wish(Trigger.FULFIL)

    @rule(minutes=st.integers(1, 6))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.clocks()

    def clocks(self) -> None:
        order = self.order
        if order.status == Status.PLACED and order.reserve_by <= self.now:
            self.happen(Signal(Trigger.RESERVE_DEADLINE))
        if order.status == Status.AWAITING_PAYMENT and (order.pay_by or self.now) <= self.now:
            self.happen(Signal(Trigger.PAY_DEADLINE))

    # --- what holds ---

    @invariant()
    def money_adds_up(self) -> None:
        order = self.order
        assert order.captured in (0, order.total)
        assert 0 <= order.refunded <= order.captured
        assert 0 <= order.refund_due <= order.captured

    @invariant()
    def a_sale_is_paid_and_held(self) -> None:
        if self.order.status == Status.CONFIRMED:
            assert self.order.captured == self.order.total
            assert self.inventory.state in ("held", "shipped")

    @invariant()
    def an_end_is_told_once(self) -> None:
        for kind in (OrderCancelled, RefundDue, OrderFulfilled):
            assert sum(isinstance(event, kind) for event in self.log) <= 1

    def teardown(self) -> None:
        self.everybody_catches_up()
        order = self.order
        assert order.stage in ENDED
        assert self.payments.state != "open"
        if self.wanted_out:
            assert order.stage is Stage.CANCELLED
        if order.stage is Stage.CANCELLED:
            assert self.inventory.state in ("released", "short")
            assert self.payments.refunded == order.refunded == order.captured
            unpaid = (PaymentStatus.NOT_DUE, PaymentStatus.VOIDED)
            expected = (PaymentStatus.REFUNDED,) if order.captured else unpaid
            assert order.payment_status in expected
        else:
            assert self.payments.state == "captured"

    def everybody_catches_up(self) -> None:
        self.now += timedelta(days=1)
        steps: list[tuple[Callable[[], bool], Callable[[], None]]] = [
            (lambda: self.inventory.state == "new", lambda: self.inventory.reserve(suffices=True)),
            (lambda: self.inventory.heard < len(self.log), self.inventory_reads_on),
            (lambda: bool(self.inventory.answers), self.inventory_is_heard),
            (lambda: self.payments.heard < len(self.log), self.payments_reads_on),
            (lambda: bool(self.payments.answers), self.payments_is_heard),
            (
                lambda: bool(self.payments.refunds),
                lambda: self.payments_refunds(goes_through=True),
            ),
        ]
        self.clocks()
        while due := [act for is_due, act in steps if is_due()]:
            due[0]()
            self.clocks()


def test_whatever_crosses_on_the_way_an_order_ends_well() -> None:
    run_state_machine_as_test(
        Saga, settings=settings(max_examples=200, stateful_step_count=50, deadline=None)
    )
