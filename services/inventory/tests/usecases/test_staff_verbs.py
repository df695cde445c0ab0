"""What staff does to stock, and what is noted of it."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from sqlalchemy import text

from inventory.model.ids import LocationId, Sku, VariantId
from inventory.model.item import AmbiguousSku, UnknownSku
from inventory.model.location import LocationInactive, UnknownLocation
from inventory.model.movement import Reason
from inventory.model.stock import BelowReserved, StockMoved, VariantStock
from inventory.testing import (
    STAFF,
    a_product,
    a_variant,
    an_order,
    on_the_shelf,
)
from inventory.usecases.adjust_stock import adjust_stock
from inventory.usecases.create_location import create_location
from inventory.usecases.receive_stock import receive_stock
from inventory.usecases.update_location import update_location
from inventory.views.movements import movements
from wareflow_events.schemas.inventory import StockChanged
from wareflow_events.transaction import Transactions
from wareflow_kit.testing import published

Hear = Callable[..., Awaitable[None]]
StockNow = Callable[[VariantId], Awaitable[VariantStock]]


def anything_goes(_location_id: LocationId, _version: int) -> None:
    """Takes any version."""


async def a_location(transactions: Transactions, name: str, priority: int) -> LocationId:
    async with transactions.begin() as tx:
        return await create_location(tx, name=name, priority=priority, country="DE", who=STAFF)


async def set_active(transactions: Transactions, location_id: LocationId, active: bool) -> None:
    async with transactions.begin() as tx:
        await update_location(
            tx,
            location_id=location_id,
            seen=anything_goes,
            changes={"active": active},
            who=STAFF,
        )


async def test_what_is_received_stands_in_the_ledger_and_is_told(
    transactions: Transactions, mug: VariantId
) -> None:
    async with transactions.begin() as tx:
        receipt = await receive_stock(tx, which=mug, quantity=5, reference="note 7", who=STAFF)
    async with transactions.begin() as tx:
        (line,) = await movements(tx.session, variant_id=mug, limit=10)
    assert (line.quantity, line.on_hand_after, line.reason) == (5, 5, "receive")
    assert (line.document_id, line.reference, line.actor) == (receipt, "note 7", "ada")
    (changed,) = await published(transactions.engine)
    assert isinstance(changed, StockChanged)
    assert changed.available == 5


async def test_a_sku_means_the_variant_that_carries_it(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    await hear(a_product(a_variant(mug, sku="MUG-1")))
    async with transactions.begin() as tx:
        _ = await receive_stock(tx, which=Sku("MUG-1"), quantity=2, who=STAFF)
    assert (await stock_now(mug)).on_hand == 2


async def test_a_sku_that_nobody_or_several_carry_is_refused(
    transactions: Transactions, hear: Hear
) -> None:
    await hear(a_product(a_variant(sku="SAME")), a_product(a_variant(sku="SAME")))
    for sku, refusal in (("NONE", UnknownSku), ("SAME", AmbiguousSku)):
        with pytest.raises(refusal):
            async with transactions.begin() as tx:
                _ = await receive_stock(tx, which=Sku(sku), quantity=2, who=STAFF)


async def test_a_count_says_what_is_there(
    transactions: Transactions, stock_now: StockNow, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    async with transactions.begin() as tx:
        _ = await adjust_stock(tx, which=mug, counted=3, reason=Reason.COUNT, who=STAFF)
    assert (await stock_now(mug)).on_hand == 3


async def test_a_count_that_was_right_is_kept_and_nothing_is_told(
    transactions: Transactions, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    _ = await published(transactions.engine)
    async with transactions.begin() as tx:
        _ = await adjust_stock(tx, which=mug, counted=5, reason=Reason.COUNT, who=STAFF)
        newest, _ = await movements(tx.session, variant_id=mug, limit=10)
    assert (newest.quantity, newest.on_hand_after) == (0, 5)
    assert await published(transactions.engine) == []


async def test_counting_below_what_is_held_names_the_newest_orders_that_stand_in_the_way(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 6)
    oldest = an_order({mug: 2})
    older = an_order({mug: 2}, placed_at=oldest.placed_at.replace(hour=10))
    newest = an_order({mug: 1}, placed_at=oldest.placed_at.replace(hour=11))
    await hear(newest, oldest, older)
    with pytest.raises(BelowReserved) as refusal:
        async with transactions.begin() as tx:
            _ = await adjust_stock(tx, which=mug, counted=3, reason=Reason.COUNT, who=STAFF)
    assert refusal.value.extra == {
        "short_by": 2,
        "on_hand": 6,
        "reserved": 5,
        "orders": [
            {"order_id": str(newest.order_id), "held": 1},
            {"order_id": str(older.order_id), "held": 2},
        ],
    }
    assert (await stock_now(mug)).on_hand == 6


async def test_an_adjustment_of_a_level_that_moved_meanwhile_is_refused(
    transactions: Transactions, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    with pytest.raises(StockMoved) as refusal:
        async with transactions.begin() as tx:
            _ = await adjust_stock(
                tx, which=mug, delta=-1, reason=Reason.LOSS, expected_on_hand=4, who=STAFF
            )
    assert refusal.value.extra == {"on_hand": 5}


async def test_every_change_leaves_an_audit_row(transactions: Transactions, mug: VariantId) -> None:
    await on_the_shelf(transactions, mug, 5)
    async with transactions.begin() as tx:
        _ = await adjust_stock(tx, which=mug, delta=-2, reason=Reason.DAMAGE, who=STAFF)
        query = "SELECT actor, action, subject, before, after FROM audit_entry ORDER BY action DESC"
        rows = (await tx.session.execute(text(query))).all()
    received, damaged = rows
    assert (received.action, damaged.action) == ("stock.receive", "stock.damage")
    assert (damaged.actor, damaged.subject) == ("ada", f"variant/{mug}")
    assert (damaged.before["on_hand"], damaged.after["on_hand"]) == (5, 3)


async def test_an_order_is_served_from_the_first_priority_and_split_when_needed(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    far = await a_location(transactions, "Far", 200)
    near = await a_location(transactions, "Near", 1)
    await on_the_shelf(transactions, mug, 5, location_id=far)
    await on_the_shelf(transactions, mug, 2, location_id=near)
    await hear(an_order({mug: 4}))
    stock = await stock_now(mug)
    assert (stock.shelf(near).reserved, stock.shelf(far).reserved) == (2, 2)


async def test_closing_a_location_takes_its_units_off_sale_and_opening_brings_them_back(
    transactions: Transactions, mug: VariantId
) -> None:
    south = await a_location(transactions, "South", 1)
    await on_the_shelf(transactions, mug, 5, location_id=south)
    _ = await published(transactions.engine)
    for active, available in ((False, 0), (True, 5)):
        await set_active(transactions, south, active)
        (changed,) = await published(transactions.engine)
        assert isinstance(changed, StockChanged)
        assert (changed.available, changed.on_hand) == (available, 5)


async def test_closing_a_location_moves_backorders_to_one_that_is_open(
    transactions: Transactions, hear: Hear, mug: VariantId, stock_now: StockNow
) -> None:
    south = await a_location(transactions, "South", 1)
    await hear(a_product(a_variant(mug, backorder=True)))
    assert [shelf.location_id for shelf in (await stock_now(mug)).shelves] == [south]
    await set_active(transactions, south, active=False)
    await hear(an_order({mug: 3}))
    assert (await stock_now(mug)).reserved == 3
    assert (await stock_now(mug)).shelf(south).reserved == 0


async def test_nothing_comes_in_at_a_location_that_is_closed_or_unknown(
    transactions: Transactions, mug: VariantId
) -> None:
    south = await a_location(transactions, "South", 1)
    await set_active(transactions, south, active=False)
    for location_id, refusal in (
        (south, LocationInactive),
        (LocationId(uuid4()), UnknownLocation),
    ):
        with pytest.raises(refusal):
            await on_the_shelf(transactions, mug, 1, location_id=location_id)
