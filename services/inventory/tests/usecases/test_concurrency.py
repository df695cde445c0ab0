"""No oversell, whoever reserves at the same time."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from uuid import uuid4

import pytest
from sqlalchemy import text

from inventory.model.hold import PlacedOrder, WantedLine
from inventory.model.ids import LineId, OrderId, ProductId, VariantId
from inventory.model.item import Item
from inventory.model.movement import Reason
from inventory.model.stock import BelowReserved, VariantStock
from inventory.testing import A_DAY, STAFF, on_the_shelf
from inventory.usecases.adjust_stock import adjust_stock
from inventory.usecases.follow_products import HeardProduct, follow_products
from inventory.usecases.receive_stock import receive_stock
from inventory.usecases.release_orders import release_orders
from inventory.usecases.reserve_orders import reserve_orders
from wareflow_events.schemas.inventory import StockChanged, StockReserved, StockShort
from wareflow_events.transaction import Transactions
from wareflow_kit.database import engine
from wareflow_kit.service import Service
from wareflow_kit.testing import FixedClock, published

StockNow = Callable[[VariantId], Awaitable[VariantStock]]


@pytest.fixture
async def crowd(service: Service, database: str) -> AsyncGenerator[Transactions]:
    """Transactions with room for many at once."""
    wide = engine(database, pool=20, name="crowd", lock_timeout=30)
    yield Transactions(wide, service="inventory", clock=FixedClock(A_DAY))
    await wide.dispose()


def an_order(*variants: VariantId, quantity: int = 1) -> PlacedOrder:
    lines = [WantedLine(LineId(uuid4()), variant_id, quantity) for variant_id in variants]
    return PlacedOrder(OrderId(uuid4()), A_DAY, lines)


async def reserve(crowd: Transactions, *orders: PlacedOrder) -> None:
    async with crowd.begin() as tx:
        await reserve_orders(tx, orders=orders)


async def test_200_orders_at_once_for_50_units_never_oversell(
    crowd: Transactions, stock_now: StockNow, mug: VariantId
) -> None:
    await on_the_shelf(crowd, mug, 50)
    _ = await published(crowd.engine)
    _ = await asyncio.gather(*(reserve(crowd, an_order(mug)) for _ in range(200)))
    told = await published(crowd.engine)
    assert sum(isinstance(event, StockReserved) for event in told) == 50
    assert sum(isinstance(event, StockShort) for event in told) == 150
    assert (await stock_now(mug)).reserved == 50


async def test_what_is_told_of_a_variant_is_in_the_order_it_happened(
    crowd: Transactions, mug: VariantId
) -> None:
    await on_the_shelf(crowd, mug, 40)
    _ = await published(crowd.engine)
    _ = await asyncio.gather(*(reserve(crowd, an_order(mug)) for _ in range(40)))
    told = [event for event in await published(crowd.engine) if isinstance(event, StockChanged)]
    assert [event.available for event in told] == list(range(39, -1, -1))


async def test_orders_that_cross_over_the_same_variants_do_not_block_each_other_for_ever(
    crowd: Transactions, stock_now: StockNow
) -> None:
    variants = [VariantId(uuid4()) for _ in range(6)]
    for variant_id in variants:
        await on_the_shelf(crowd, variant_id, 10)
    orders = [
        an_order(*(variants if forwards else reversed(variants))) for forwards in [True, False] * 20
    ]
    _ = await asyncio.gather(*(reserve(crowd, order) for order in orders))
    assert [(await stock_now(variant_id)).available for variant_id in variants] == [0] * 6


async def test_everything_at_once_keeps_every_promise(
    crowd: Transactions, stock_now: StockNow, mug: VariantId
) -> None:
    """Receipts, counts, changes of terms, orders and cancellations of one variant, all together;
    the checks that run after each test are the judges."""
    await on_the_shelf(crowd, mug, 30)

    async def order_and_cancel() -> None:
        order = an_order(mug, quantity=2)
        await reserve(crowd, order)
        async with crowd.begin() as tx:
            await release_orders(tx, order_ids=[order.order_id])

    async def receive() -> None:
        async with crowd.begin() as tx:
            _ = await receive_stock(tx, which=mug, quantity=1, who=STAFF)

    async def damage() -> None:
        async with crowd.begin() as tx:
            _ = await adjust_stock(tx, which=mug, delta=-1, reason=Reason.DAMAGE, who=STAFF)

    async def change_terms(version: int) -> None:
        item = Item(mug, ProductId(mug), version, "MUG", "Mug", backorder=version % 2 == 0)
        async with crowd.begin() as tx:
            product = HeardProduct(ProductId(mug), version, [item])
            await follow_products(tx, products=[product])

    def unless_held(work: Awaitable[None]) -> Awaitable[None]:
        async def attempt() -> None:
            try:
                await work
            except BelowReserved:
                refused.append(1)

        return attempt()

    refused: list[int] = []
    works: Sequence[Awaitable[None]] = [
        *(order_and_cancel() for _ in range(40)),
        *(receive() for _ in range(20)),
        *(unless_held(damage()) for _ in range(20)),
        *(change_terms(version) for version in range(1, 12)),
    ]
    _ = await asyncio.gather(*works)
    stock = await stock_now(mug)
    assert (stock.on_hand, stock.reserved) == (30 + 20 - (20 - len(refused)), 0)


async def test_the_database_itself_refuses_to_oversell(crowd: Transactions, mug: VariantId) -> None:
    await on_the_shelf(crowd, mug, 3)
    with pytest.raises(Exception, match="stock_level_reserved_within_stock"):
        async with crowd.begin() as tx:
            _ = await tx.session.execute(text("UPDATE stock_level SET reserved = 4"))
