"""The state table is total, and every cell does what it says."""

import itertools
from uuid import uuid4

import pytest

from orders.model.decisions import Impossible, NotConfirmed, OrderClosed, Signal, decide
from orders.model.order import Order
from orders.model.states import TABLE, Cell, FulfilmentStatus, Stage, Trigger
from orders.testing import A_DAY, an_order
from wareflow_events.event import Event
from wareflow_events.schemas.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderFulfilled,
    PaymentClosing,
    PaymentDue,
    RefundDue,
)

CELLS = list(itertools.product(Stage, Trigger))

TOLD: dict[Cell, list[type[Event]]] = {
    Cell.RESERVE: [PaymentDue],
    Cell.CANCEL: [OrderCancelled],
    Cell.CLOSE: [PaymentClosing],
    Cell.WANT_OUT: [],
    Cell.CONFIRM: [OrderConfirmed],
    Cell.GIVE_BACK: [OrderCancelled, RefundDue],
    Cell.FULFIL: [OrderFulfilled],
    Cell.DECLINED: [],
    Cell.LATE: [],
    Cell.REFUNDED: [],
    Cell.REFUSED: [],
    Cell.NOTHING: [],
}
REFUSED: dict[Cell, type[Exception]] = {
    Cell.FAULT: Impossible,
    Cell.TOO_EARLY: NotConfirmed,
    Cell.TOO_LATE: OrderClosed,
}
LEADS_TO = {
    Cell.RESERVE: Stage.AWAITING_PAYMENT,
    Cell.CANCEL: Stage.CANCELLED,
    Cell.WANT_OUT: Stage.CLOSING_OUT,
    Cell.CONFIRM: Stage.CONFIRMED,
    Cell.GIVE_BACK: Stage.CANCELLED,
    Cell.FULFIL: Stage.FULFILLED,
}


def happen(order: Order, trigger: Trigger) -> list[Event]:
    signal = Signal(trigger, amount=order.money(order.total), refund_id=uuid4())
    return decide(order, signal, now=A_DAY)


def paid_and_cancelled() -> Order:
    order = an_order(Stage.CONFIRMED)
    _ = happen(order, Trigger.CANCEL_BY_CUSTOMER)
    return order


def order_for(stage: Stage, trigger: Trigger) -> Order:
    if stage is Stage.CANCELLED and trigger in (Trigger.PAYMENT_REFUNDED, Trigger.REFUND_FAILED):
        return paid_and_cancelled()
    return an_order(stage)


def snapshot(order: Order) -> dict[str, object]:
    columns = [column.key for column in Order.__mapper__.column_attrs]
    lines = [(line.cancelled, line.fulfilled) for line in order.lines]
    return {**{name: getattr(order, name) for name in columns}, "lines": lines}


def test_every_stage_has_a_cell_for_every_trigger() -> None:
    assert {(stage, trigger) for stage, row in TABLE.items() for trigger in row} == set(CELLS)


def test_every_kind_of_cell_is_walked() -> None:
    assert {cell for row in TABLE.values() for cell in row.values()} == set(Cell)
    assert {*TOLD, *REFUSED} == set(Cell)


@pytest.mark.parametrize("stage", Stage)
def test_the_builder_leads_to_the_stage_it_is_asked_for(stage: Stage) -> None:
    assert an_order(stage).stage is stage


@pytest.mark.parametrize(("stage", "trigger"), CELLS)
def test_a_cell_does_what_it_says(stage: Stage, trigger: Trigger) -> None:
    cell, order = TABLE[stage][trigger], order_for(stage, trigger)
    before = snapshot(order)
    if cell in REFUSED:
        with pytest.raises(REFUSED[cell]):
            _ = happen(order, trigger)
        assert snapshot(order) == before
        return
    told = happen(order, trigger)
    assert [type(event) for event in told] == TOLD[cell]
    assert all(event.key == str(order.id) for event in told)
    if cell is Cell.NOTHING:
        assert snapshot(order) == before
    elif cell is Cell.CLOSE:
        late = trigger is Trigger.PAY_DEADLINE
        assert order.stage is (Stage.CLOSING_LATE if late else Stage.CLOSING_OUT)
    else:
        assert order.stage is LEADS_TO.get(cell, stage)


@pytest.mark.parametrize(("stage", "trigger"), CELLS)
def test_what_happened_is_written_down_and_counted(stage: Stage, trigger: Trigger) -> None:
    cell, order = TABLE[stage][trigger], order_for(stage, trigger)
    before = order.version
    if cell not in REFUSED:
        _ = happen(order, trigger)
        written = {Cell.NOTHING: 0, Cell.GIVE_BACK: 2}.get(cell, 1)
        assert order.version == before + written


def test_an_order_never_leaves_an_end() -> None:
    ends = {Cell.NOTHING, Cell.FAULT, Cell.TOO_LATE, Cell.LATE, Cell.REFUNDED, Cell.REFUSED}
    for stage in (Stage.CANCELLED, Stage.FULFILLED):
        assert set(TABLE[stage].values()) <= ends


def test_every_stage_that_is_no_end_has_a_way_to_one() -> None:
    reached = {Stage.CANCELLED, Stage.FULFILLED}
    steps = {(s, LEADS_TO.get(c)) for s, row in TABLE.items() for c in row.values()}
    steps |= {(s, Stage.CLOSING_OUT) for s, row in TABLE.items() if Cell.CLOSE in row.values()}
    for _ in Stage:
        reached |= {stage for stage, target in steps if target in reached}
    assert reached == set(Stage)


def test_a_fulfilled_order_has_all_its_units_fulfilled() -> None:
    order = an_order(Stage.FULFILLED)
    assert order.fulfilment_status == FulfilmentStatus.FULFILLED
    assert [(line.fulfilled, line.cancelled) for line in order.lines] == [(1, 0), (1, 0)]
