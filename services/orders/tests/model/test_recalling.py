"""An order comes back from what was told of it, and is not moved by answers it had before."""

from datetime import timedelta
from typing import Any

import pytest

from orders.model.contact import OrderContact
from orders.model.decisions import Signal, decide
from orders.model.order import Order, OrderEvent
from orders.model.placing import Placed
from orders.model.recalling import recall, recalled_order
from orders.model.states import Trigger
from orders.testing import A_DAY, an_order
from wareflow_events.event import Event

T = Trigger
HELD, PAID, VOID = T.STOCK_RESERVED, T.PAYMENT_CAPTURED, T.PAYMENT_VOIDED
OUT, LATE = T.CANCEL_BY_CUSTOMER, T.PAY_DEADLINE
STORIES: list[tuple[Trigger, ...]] = [
    (),
    (T.STOCK_SHORT,),
    (T.RESERVE_DEADLINE,),
    (OUT,),
    (HELD,),
    (HELD, PAID),
    (HELD, PAID, T.FULFIL),
    (HELD, PAID, T.CANCEL_BY_STAFF),
    (HELD, VOID),
    (HELD, LATE),
    (HELD, LATE, PAID),
    (HELD, LATE, VOID),
    (HELD, OUT),
    (HELD, OUT, PAID),
    (HELD, OUT, VOID),
    (HELD, LATE, OUT, PAID),
    (HELD, LATE, OUT, VOID),
]
ANSWERS = {HELD, PAID, VOID, T.STOCK_SHORT}


def lived(story: tuple[Trigger, ...]) -> tuple[Order, list[Event]]:
    """An order at the end of a story, and all that it told."""
    order = an_order()
    nobody, nothing = OrderContact(), OrderEvent()
    told: list[Event] = [Placed(order, order.lines, nobody, nothing).told()]
    for trigger in story:
        signal = Signal(trigger, amount=order.money(order.total), carrier="DHL")
        told += decide(order, signal, now=A_DAY + timedelta(minutes=1))
    return order, told


def state(order: Order) -> dict[str, Any]:
    """Every column of it, and of its lines."""
    columns = {column.key: getattr(order, column.key) for column in Order.__mapper__.column_attrs}
    return columns | {
        "lines": [(line.line_id, line.cancelled, line.fulfilled) for line in order.lines]
    }


@pytest.mark.parametrize("story", STORIES, ids=lambda story: " ".join(story) or "placed")
def test_an_order_comes_back_as_it_was(story: tuple[Trigger, ...]) -> None:
    order, (placed, *told) = lived(story)
    again = recalled_order(placed)  # pyright: ignore[reportArgumentType]
    for event in told:
        recall(again, event, at=A_DAY + timedelta(minutes=1))
    assert state(again) == state(order)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: " ".join(story) or "placed")
def test_answers_that_are_heard_again_change_nothing(story: tuple[Trigger, ...]) -> None:
    order, _ = lived(story)
    before = state(order)
    for trigger in story:
        if trigger in ANSWERS:
            again = Signal(trigger, amount=order.money(order.total), replay=True)
            assert decide(order, again, now=A_DAY) == []
    assert state(order) == before
