"""Deciding orders: all lines or none."""

from uuid import UUID, uuid4

import pytest

from inventory.model.hold import NothingWanted, PlacedOrder, WantedLine, decide
from inventory.model.ids import LineId, LocationId, OrderId, VariantId
from inventory.model.item import Item
from inventory.model.level import Shelf
from inventory.model.stock import VariantStock
from inventory.testing import A_DAY
from wareflow_events.schemas.inventory import StockReserved, StockShort

HERE = LocationId(UUID(int=1))
MUG, BOWL = VariantId(UUID(int=11)), VariantId(UUID(int=12))


def some_stock(**units: int) -> dict[VariantId, VariantStock]:
    on_hand = {MUG: units.get("mug", 0), BOWL: units.get("bowl", 0)}
    return {
        variant_id: VariantStock(Item(variant_id), [Shelf(HERE, 1, True, quantity)])
        for variant_id, quantity in on_hand.items()
    }


def an_order(*lines: tuple[VariantId, int]) -> PlacedOrder:
    wanted = [WantedLine(LineId(uuid4()), variant_id, quantity) for variant_id, quantity in lines]
    return PlacedOrder(OrderId(uuid4()), A_DAY, wanted)


@pytest.mark.parametrize("lines", [(), ((MUG, 0),), ((MUG, 1), (BOWL, -1))])
def test_an_order_that_wants_nothing_gets_no_answer(
    lines: tuple[tuple[VariantId, int], ...],
) -> None:
    stock = some_stock(mug=5, bowl=5)
    with pytest.raises(NothingWanted):
        _ = decide(an_order(*lines), stock)
    assert stock[MUG].available == 5


def test_an_order_in_stock_is_held_line_by_line() -> None:
    order = an_order((MUG, 2), (BOWL, 1))
    answer = decide(order, some_stock(mug=2, bowl=1))
    assert isinstance(answer, StockReserved)
    assert [(line.line_id, line.quantity) for line in answer.lines] == [
        (wanted.line_id, wanted.quantity) for wanted in order.lines
    ]


def test_an_order_that_is_short_of_one_line_holds_none() -> None:
    stocks = some_stock(mug=5, bowl=1)
    answer = decide(an_order((MUG, 2), (BOWL, 3)), stocks)
    assert isinstance(answer, StockShort)
    assert [(m.variant_id, m.requested, m.available) for m in answer.missing] == [(BOWL, 3, 1)]
    assert not any(stock.is_changed for stock in stocks.values())


def test_every_line_that_is_short_is_told() -> None:
    answer = decide(an_order((MUG, 2), (BOWL, 3)), some_stock())
    assert isinstance(answer, StockShort)
    assert [m.variant_id for m in answer.missing] == [MUG, BOWL]


def test_two_lines_of_one_variant_do_not_share_units() -> None:
    answer = decide(an_order((MUG, 3), (MUG, 3)), some_stock(mug=4))
    assert isinstance(answer, StockShort)
    assert [(m.requested, m.available) for m in answer.missing] == [(3, 1)]


def test_an_order_that_is_short_leaves_its_units_to_the_next() -> None:
    stocks = some_stock(mug=3)
    first, second = an_order((MUG, 4)), an_order((MUG, 3))
    assert isinstance(decide(first, stocks), StockShort)
    assert isinstance(decide(second, stocks), StockReserved)
