"""Whatever happens to an order's money, in any order: the real verbs, database and ledger against
a gateway that fails as it likes, and a plain account of what was taken and given back."""

import asyncio
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from payments.main import build
from payments.model import Payment
from payments.model.intent import Intent, IntentState, RefundState
from payments.model.payment import Status
from payments.settings import Settings
from payments.testing import (
    A_DAY,
    Bench,
    FakeGateway,
    Fault,
    a_closing,
    a_notice,
    a_payment_due,
    a_refund_due,
    breaches,
)
from wareflow_events.event import Event
from wareflow_events.schemas.payments import (
    PaymentCaptured,
    PaymentVoided,
    RefundFailed,
)
from wareflow_kit.testing import FixedClock, Unplugged, settings_for

KEYS = {
    "gateway_url": "https://gateway.test",
    "gateway_key": "sk_test_sandbox",
    "gateway_publishable_key": "pk_test_sandbox",
    "webhook_secrets": ["whsec_of_today"],
}
PRICE = 1000
A_DAY_LONG = 25 * 3600  # Stripe forgets keys after 24 hours
CALLS = ("create_intent", "cancel_intent", "retrieve_intent", "create_refund", "find_intent")
FAULTS = (
    Fault.TIMEOUT_BEFORE,
    Fault.TIMEOUT_AFTER,
    Fault.FAULT_BEFORE,
    Fault.FAULT_AFTER,
    Fault.BUSY,
)
MAYBE: st.SearchStrategy[Fault | None] = st.sampled_from([None, None, None, *FAULTS])
BALANCES = """
SELECT e.account, sum(e.amount)::bigint FROM ledger_entry e
JOIN ledger_group g ON g.id = e.group_id WHERE g.order_id = :order_id GROUP BY e.account
"""
OPEN = """
SELECT 1 FROM payment WHERE order_id = :order_id
AND (pending_refund > 0 OR status IN ('due', 'open', 'closing'))
UNION ALL
SELECT 1 FROM operation WHERE order_id = :order_id AND next_attempt_at IS NOT NULL
UNION ALL
SELECT 1 FROM webhook_event WHERE apply_at IS NOT NULL
"""


@dataclass
class Plain:
    """The order's money as a child would keep it."""

    taken: int = 0
    asked: dict[UUID, int] = field(default_factory=dict[UUID, int])
    """Refunds that can be had, by id."""
    beyond: set[UUID] = field(default_factory=set[UUID])
    """Refunds of more than there was."""
    came_back: set[UUID] = field(default_factory=set[UUID])
    """Refunds that the customer's bank sent back."""

    @property
    def left(self) -> int:
        """What may still be asked for."""
        gone = sum(amount for id_, amount in self.asked.items() if id_ not in self.came_back)
        return self.taken - gone


class Shop:
    """The service that all examples use, each with an order of its own."""

    def __init__(self, url: str) -> None:
        self.runner = asyncio.Runner()
        self.run = self.runner.run
        clock = FixedClock(A_DAY)
        self.gateway = FakeGateway(clock=clock)
        self.bench = self.run(self._built(url, clock))

    async def _built(self, url: str, clock: FixedClock) -> Bench:
        service = build(
            settings_for(Settings, url, **KEYS),
            broker=Unplugged(),
            gateway=self.gateway,
            clock=clock,
        )
        return Bench(service, self.gateway, twice=True)

    def close(self) -> None:
        self.run(self.bench.service.close())
        self.runner.close()


class MoneyMachine(RuleBasedStateMachine):
    """One order: its due, its customer, its gateway, and the clock."""

    shop: Shop

    def __init__(self) -> None:
        super().__init__()
        self.run = self.shop.run
        self.bench, self.gateway = self.shop.bench, self.shop.gateway
        self.order_id = uuid4()
        self.plain = Plain()
        self.log: list[Event] = []
        self.closing = False
        self.run(self.bench.hear(a_payment_due(self.order_id, amount=PRICE)))

    # --- orders ---

    @precondition(lambda self: self.intent and not self.closing)
    @rule()
    def the_order_closes(self) -> None:
        self.closing = True
        self.run(self.bench.hear(a_closing(self.order_id)))

    @precondition(lambda self: self.is_told(PaymentCaptured))
    @rule(amount=st.sampled_from([1, 400, PRICE]), at_once=st.booleans())
    def a_refund_is_due(self, amount: int, at_once: bool) -> None:
        refund_id = uuid4()
        self.gateway.refunds_go = RefundState.SUCCEEDED if at_once else RefundState.PENDING
        if amount <= self.plain.left:
            self.plain.asked[refund_id] = amount
        else:
            self.plain.beyond.add(refund_id)
        self.run(self.bench.hear(a_refund_due(self.order_id, amount, refund_id=refund_id)))

    # --- the gateway and its customer ---

    @precondition(lambda self: self.intent_is(IntentState.ALIVE))
    @rule(what=st.sampled_from(["pay", "decline", "process"]))
    def the_customer_tries_to_pay(self, what: str) -> None:
        assert self.intent
        getattr(self.gateway, what)(self.intent.id)

    @precondition(lambda self: self.intent_is(IntentState.PROCESSING))
    @rule(arrives=st.booleans())
    def money_on_its_way_is_decided(self, arrives: bool) -> None:
        assert self.intent
        _ = self.gateway.pay(self.intent.id) if arrives else self.gateway.decline(self.intent.id)

    @precondition(lambda self: self.is_told(PaymentVoided) and self.intent)
    @rule()
    def money_turns_up_after_the_void(self) -> None:
        assert self.intent
        _ = self.gateway.pay(self.intent.id)

    @precondition(lambda self: self.plain.asked)
    @rule(fails=st.booleans(), data=st.data())
    def the_bank_decides_a_refund(self, fails: bool, data: st.DataObject) -> None:
        # Those that the order asked for; what payments gives back by itself is not put in doubt.
        mine = [
            (name, each.refund_id)
            for name, each in self.gateway.refunds.items()
            if each.refund_id in self.plain.asked and each.state is not RefundState.FAILED
        ]
        if not mine:
            return
        name, refund_id = data.draw(st.sampled_from(mine))
        assert refund_id
        if fails:
            self.plain.came_back.add(refund_id)
        state = RefundState.FAILED if fails else RefundState.SUCCEEDED
        _ = self.gateway.settle_refund(name, state)
        self.run(self.bench.run_operations())
        self.run(self.everything_is_heard_of())

    # --- webhooks and clocks ---

    @precondition(lambda self: self.intent)
    @rule(times=st.integers(1, 3))
    def webhooks_come(self, times: int) -> None:
        assert self.intent
        notice = a_notice(self.intent.id)
        self.run(self.bench.receive(*[notice] * times))

    @rule(seconds=st.sampled_from([0, 61, 301, A_DAY_LONG]), fault=MAYBE)
    def the_worker_works(self, seconds: int, fault: Fault | None) -> None:
        """After a while, in which the gateway may forget its keys; and with a fault at each kind
        of call to it."""
        _ = self.bench.clock.advance(seconds=seconds)
        if seconds == A_DAY_LONG:
            self.gateway.forget_keys()
        if fault is not None:
            for call in CALLS:
                self.gateway.fail(call, fault)
        self.run(self.work())
        self.gateway.faults_end()

    async def work(self) -> None:
        for poller in ("operations", "webhooks", "look_up_payments", "look_up_refunds"):
            await self.bench.run(poller)

    # --- what holds ---

    @invariant()
    def nothing_is_done_twice_and_the_books_balance(self) -> None:
        self.log += self.run(self.bench.told())
        for kind in (PaymentCaptured, PaymentVoided):
            assert sum(isinstance(event, kind) for event in self.log) <= 1
        assert all(len(made) <= 1 for made in self.gateway.made_by.values())
        payment = self.run(self.bench.payment(self.order_id))
        self.plain.taken = payment.captured
        assert payment.captured in (0, PRICE)
        balances = {
            "processor": payment.captured - payment.refunded,
            "receivable": -payment.captured,
            "refunds": payment.refunded,
        }
        assert Counter(dict(self.run(self.rows(BALANCES)))) == Counter(balances)

    def teardown(self) -> None:
        try:
            self.run(self.all_is_settled())
            self.nothing_is_done_twice_and_the_books_balance()
            self.what_is_told_is_true_at_the_gateway(self.run(self.bench.payment(self.order_id)))
            assert self.run(breaches(self.bench.engine)) == {}
        finally:
            self.gateway.refunds_go = RefundState.SUCCEEDED

    async def all_is_settled(self) -> None:
        """The customer stops trying, and everybody hears of everything."""
        if not self.closing:
            await self.bench.hear(a_closing(self.order_id))
        for _ in range(12):
            if self.intent_is(IntentState.PROCESSING):
                _ = self.gateway.pay(self.intent.id if self.intent else "")
            for name, refund in list(self.gateway.refunds.items()):
                if refund.state is RefundState.PENDING:
                    _ = self.gateway.settle_refund(name, RefundState.SUCCEEDED)
            _ = self.bench.clock.advance(seconds=601)
            await self.everything_is_heard_of()
            await self.work()
            if not await self.rows(OPEN):
                return

    async def everything_is_heard_of(self) -> None:
        if self.intent:
            await self.bench.receive(a_notice(self.intent.id))
        for name, refund in self.gateway.refunds.items():
            if refund.order_id == self.order_id:
                await self.bench.receive(a_notice(name, type="refund.updated"))

    def what_is_told_is_true_at_the_gateway(self, payment: Payment) -> None:
        taken = self.intent_is(IntentState.CAPTURED)
        assert payment.status in ((Status.CAPTURED, Status.LATE) if taken else (Status.VOIDED,))
        assert payment.pending_refund == 0
        assert payment.refunded == self.gave_back()
        assert self.is_told(PaymentCaptured) == (payment.status is Status.CAPTURED)
        assert self.is_told(PaymentVoided) == (payment.status is not Status.CAPTURED)
        failed = {e.refund_id for e in self.log if isinstance(e, RefundFailed)}
        assert failed == self.plain.beyond | self.plain.came_back
        if payment.status is Status.LATE:
            assert payment.refunded == PRICE
        else:
            assert payment.captured - payment.refunded == self.plain.left

    # --- how ---

    @property
    def intent(self) -> Intent | None:
        mine = [i for i in self.gateway.intents.values() if i.order_id == self.order_id]
        assert len(mine) <= 1
        return mine[0] if mine else None

    def intent_is(self, state: IntentState) -> bool:
        return self.intent is not None and self.intent.state is state

    def is_told(self, kind: type[Event]) -> bool:
        return any(isinstance(event, kind) for event in self.log)

    async def rows(self, sql: str) -> list[tuple[str, int]]:
        async with self.bench.engine.connect() as connection:
            found = await connection.execute(text(sql), {"order_id": self.order_id})
            return [(row[0], row[-1]) for row in found]

    def gave_back(self) -> int:
        return sum(
            refund.amount.amount
            for refund in self.gateway.refunds.values()
            if refund.order_id == self.order_id and refund.state is RefundState.SUCCEEDED
        )


@pytest.fixture
def machine(database: str) -> Generator[type[MoneyMachine]]:
    shop = Shop(database)
    yield type("Machine", (MoneyMachine,), {"shop": shop})
    shop.close()


@pytest.mark.timeout(600)  # passes in seconds; when it does not, the example is made small first
def test_money_is_taken_once_and_goes_back_once_whatever_fails(
    machine: type[MoneyMachine],
) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            phases=set(Phase) - {Phase.explain},  # tracing every line costs more than the test
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
