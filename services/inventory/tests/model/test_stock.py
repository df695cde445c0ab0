"""Rules about the units of one variant."""

from uuid import UUID, uuid4

import pytest

from inventory.model.ids import LocationId, OrderId, ProductId, VariantId
from inventory.model.item import BACKORDER_UNLIMITED, Item
from inventory.model.level import Shelf
from inventory.model.movement import Reason
from inventory.model.stock import BelowReserved, BelowZero, VariantStock

NORTH = LocationId(UUID(int=1))
SOUTH = LocationId(UUID(int=2))


def an_item(*, tracked: bool = True, backorder: bool = False) -> Item:
    return Item(
        VariantId(uuid4()),
        product_id=ProductId(uuid4()),
        sku="MUG",
        tracked=tracked,
        backorder=backorder,
    )


def a_stock(north: int = 0, south: int = 0, *, backorder: bool = False) -> VariantStock:
    limit = BACKORDER_UNLIMITED if backorder else 0
    return VariantStock(
        an_item(backorder=backorder),
        [Shelf(SOUTH, 2, True, south, 0, limit), Shelf(NORTH, 1, True, north, 0, limit)],
    )


def test_units_are_held_at_the_first_location_that_has_them() -> None:
    stock = a_stock(north=5, south=5)
    assert stock.hold(4) == {NORTH: 4}
    assert stock.available == 6


def test_a_line_is_split_when_one_location_has_too_little() -> None:
    stock = a_stock(north=2, south=5)
    assert stock.hold(4) == {NORTH: 2, SOUTH: 2}


def test_nothing_is_held_when_not_all_can_be() -> None:
    stock = a_stock(north=2, south=1)
    assert stock.hold(4) is None
    assert stock.available == 3
    assert not stock.is_changed


def test_what_lies_anywhere_goes_before_a_backorder() -> None:
    stock = a_stock(north=1, south=2, backorder=True)
    assert stock.hold(5) == {NORTH: 3, SOUTH: 2}
    assert stock.available == 2 * BACKORDER_UNLIMITED - 2


def test_less_than_one_unit_cannot_be_held() -> None:
    with pytest.raises(ValueError, match="0 units"):
        _ = a_stock(north=5).hold(0)


def test_an_untracked_variant_is_held_nowhere() -> None:
    stock = VariantStock(an_item(tracked=False), [])
    assert stock.hold(1_000) == {None: 1_000}
    assert not stock.is_changed


def test_a_closed_location_promises_nothing() -> None:
    stock = a_stock(north=5, south=3)
    stock.set_active(NORTH, active=False)
    assert stock.available == 3
    assert stock.hold(4) is None
    assert stock.hold(3) == {SOUTH: 3}


def test_a_release_can_be_sold_again() -> None:
    stock = a_stock(north=5)
    _ = stock.hold(5)
    stock.release(NORTH, 2)
    assert stock.available == 2


def test_units_that_ship_leave_the_ledger() -> None:
    stock = a_stock(north=5)
    _ = stock.hold(2)
    (entry,) = stock.ship(NORTH, 2)
    assert (entry.quantity, entry.on_hand_after, entry.reason) == (-2, 3, Reason.SHIP)
    assert (stock.on_hand, stock.reserved, stock.available) == (3, 0, 3)


def test_units_that_ship_without_having_come_in_were_found_first() -> None:
    stock = a_stock(north=1, backorder=True)
    _ = stock.hold(3)
    entries = stock.ship(NORTH, 3)
    assert [(e.quantity, e.on_hand_after, e.reason) for e in entries] == [
        (2, 3, Reason.FOUND),
        (-3, 0, Reason.SHIP),
    ]


def test_what_was_promised_stays_promised_when_backorders_stop() -> None:
    stock = a_stock(north=1, backorder=True)
    _ = stock.hold(4)
    stock.follow(an_item())
    assert stock.shelf(NORTH).backorder_limit == 3
    assert stock.available == 0


def test_a_freed_backorder_is_not_sold_again_once_backorders_stopped() -> None:
    stock = a_stock(north=1, backorder=True)
    _ = stock.hold(4)
    stock.follow(an_item())
    stock.release(NORTH, 2)
    assert (stock.available, stock.shelf(NORTH).backorder_limit) == (0, 1)
    _ = stock.add(stock.shelf(NORTH), 2, Reason.RECEIVE)
    assert (stock.available, stock.shelf(NORTH).backorder_limit) == (1, 0)


def test_a_shelf_cannot_be_counted_below_what_is_held_for_orders() -> None:
    stock, order = a_stock(north=5), OrderId(uuid4())
    _ = stock.hold(4)
    with pytest.raises(BelowReserved) as refusal:
        _ = stock.adjust(stock.shelf(NORTH), -3, Reason.DAMAGE, in_the_way={order: 4})
    assert refusal.value.extra == {
        "short_by": 2,
        "on_hand": 5,
        "reserved": 4,
        "orders": [{"order_id": str(order), "held": 4}],
    }
    assert not any(shelf.on_hand != 5 for shelf in stock.shelves if shelf.location_id == NORTH)


def test_a_shelf_cannot_be_counted_below_zero_even_with_backorders() -> None:
    stock = a_stock(north=5, backorder=True)
    with pytest.raises(BelowZero):
        _ = stock.adjust(stock.shelf(NORTH), -6, Reason.LOSS, in_the_way={})


def test_a_shelf_can_be_counted_below_what_is_held_as_backorders() -> None:
    stock = a_stock(north=5, backorder=True)
    _ = stock.hold(5)
    entry = stock.adjust(stock.shelf(NORTH), -5, Reason.COUNT, in_the_way={})
    assert entry.on_hand_after == 0


def test_a_tracked_variant_settles_in_where_no_active_shelf_is() -> None:
    stock = VariantStock(an_item(), [])
    stock.settle_in(Shelf(SOUTH, 2, True))
    stock.settle_in(Shelf(NORTH, 1, True))
    assert [shelf.location_id for shelf in stock.shelves] == [SOUTH]


def test_an_untracked_variant_needs_no_shelf() -> None:
    stock = VariantStock(an_item(tracked=False), [])
    stock.settle_in(Shelf(NORTH, 1, True))
    assert stock.shelves == []


def test_the_fact_carries_every_level_and_their_sums() -> None:
    stock = a_stock(north=5, south=2)
    _ = stock.hold(6)
    told = stock.changed()
    assert (told.available, told.on_hand, told.reserved) == (1, 7, 6)
    assert [(lv.location_id, lv.on_hand, lv.reserved) for lv in told.levels] == [
        (NORTH, 5, 5),
        (SOUTH, 2, 1),
    ]
