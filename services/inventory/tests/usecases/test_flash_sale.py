"""A run of orders costs a handful of statements, however many orders it is."""

from collections.abc import Generator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import event

from inventory.consumers import HANDLERS
from inventory.model.hold import PlacedOrder, WantedLine
from inventory.model.ids import LineId, OrderId, VariantId
from inventory.testing import A_DAY, an_order, cancelled, fulfilled, on_the_shelf
from inventory.usecases.reserve_orders import reserve_orders
from wareflow_events.schemas.inventory import StockReserved, StockShort
from wareflow_events.transaction import Transactions
from wareflow_kit.testing import Hand, published

HANDFUL = 12
"""Offset, parked keys, inbox and outbox are four of them, and registering the hand is one."""


@contextmanager
def statements(transactions: Transactions) -> Generator[list[str]]:
    """The statements that are sent while the block runs."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = transactions.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_500_orders_for_one_variant_take_a_handful_of_statements(
    transactions: Transactions, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 300)
    orders = [an_order({mug: 1}) for _ in range(500)]
    hand = Hand(transactions, HANDLERS[1])
    with statements(transactions) as seen:
        await hand.hear(*orders)
    assert len(seen) <= HANDFUL, seen
    told = await published(transactions.engine)
    assert sum(isinstance(one, StockReserved) for one in told) == 300


async def test_500_orders_for_many_variants_take_no_more(transactions: Transactions) -> None:
    variants = [VariantId(uuid4()) for _ in range(50)]
    for variant_id in variants:
        await on_the_shelf(transactions, variant_id, 30)
    orders = [an_order({variants[i % 50]: 1, variants[(i + 7) % 50]: 1}) for i in range(500)]
    hand = Hand(transactions, HANDLERS[1])
    with statements(transactions) as placing:
        await hand.hear(*orders)
    with statements(transactions) as ending:
        await hand.hear(*(cancelled(order) for order in orders[:250]))
    with statements(transactions) as leaving:
        await hand.hear(*(fulfilled(order) for order in orders[250:500:2]))
    assert max(len(placing), len(ending), len(leaving)) <= HANDFUL


async def test_a_run_is_decided_in_the_order_it_was_placed(
    transactions: Transactions, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    _ = await published(transactions.engine)
    orders = [
        PlacedOrder(OrderId(uuid4()), A_DAY, [WantedLine(LineId(uuid4()), mug, quantity)])
        for quantity in (3, 3, 2, 1)
    ]
    async with transactions.begin() as tx:
        await reserve_orders(tx, orders=orders)
    *answers, _ = await published(transactions.engine)
    assert [(type(answer), answer.key) for answer in answers] == [
        (kind, str(order.order_id))
        for kind, order in zip(
            (StockReserved, StockShort, StockReserved, StockShort), orders, strict=True
        )
    ]
