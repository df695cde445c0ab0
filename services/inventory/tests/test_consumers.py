"""What inventory does when it hears of products and orders; each story also delivered twice."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from inventory.model.hold import NothingHeld
from inventory.model.ids import VariantId
from inventory.model.item import BACKORDER_UNLIMITED
from inventory.model.stock import VariantStock
from inventory.testing import (
    a_product,
    a_variant,
    an_order,
    cancelled,
    fulfilled,
    on_the_shelf,
    removed,
)
from wareflow_events.schemas.inventory import (
    StockChanged,
    StockReleased,
    StockReserved,
    StockShipped,
    StockShort,
)
from wareflow_events.transaction import Transactions
from wareflow_kit.testing import published

Hear = Callable[..., Awaitable[None]]
StockNow = Callable[[VariantId], Awaitable[VariantStock]]


# --- orders ---------------------------------------------------------------------


async def test_an_order_in_stock_is_answered_with_what_is_held(
    transactions: Transactions, hear: Hear, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    _ = await published(transactions.engine)
    order = an_order({mug: 2})
    await hear(order)
    reserved, changed = await published(transactions.engine)
    assert isinstance(reserved, StockReserved)
    assert reserved.order_id == order.order_id
    assert [(line.line_id, line.quantity) for line in reserved.lines] == [
        (order.lines[0].line_id, 2)
    ]
    assert isinstance(changed, StockChanged)
    assert (changed.on_hand, changed.reserved, changed.available) == (5, 2, 3)


async def test_an_order_for_a_variant_nobody_heard_of_is_short(
    transactions: Transactions, hear: Hear, mug: VariantId
) -> None:
    await hear(an_order({mug: 1}))
    (short,) = await published(transactions.engine)
    assert isinstance(short, StockShort)
    assert [(m.variant_id, m.requested, m.available) for m in short.missing] == [(mug, 1, 0)]


async def test_a_variant_is_told_once_for_a_whole_run(
    transactions: Transactions, hear: Hear, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    _ = await published(transactions.engine)
    await hear(*(an_order({mug: 2}) for _ in range(4)))
    *answers, changed = await published(transactions.engine)
    kinds = [type(answer) for answer in answers]
    assert kinds == [StockReserved, StockReserved, StockShort, StockShort]
    assert isinstance(changed, StockChanged)
    assert changed.available == 1


async def test_an_order_that_is_short_changes_no_stock(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    bowl = VariantId(uuid4())
    await on_the_shelf(transactions, mug, 5)
    await on_the_shelf(transactions, bowl, 1)
    _ = await published(transactions.engine)
    await hear(an_order({mug: 2, bowl: 2}))
    (short,) = await published(transactions.engine)
    assert isinstance(short, StockShort)
    assert (await stock_now(mug)).reserved == 0


async def test_an_untracked_variant_is_held_without_a_level(
    transactions: Transactions, hear: Hear, mug: VariantId
) -> None:
    await hear(a_product(a_variant(mug, tracked=False)))
    _ = await published(transactions.engine)
    order = an_order({mug: 1_000})
    await hear(order)
    (reserved,) = await published(transactions.engine)
    assert isinstance(reserved, StockReserved)
    assert [(line.location_id, line.quantity) for line in reserved.lines] == [(None, 1_000)]
    await hear(fulfilled(order))
    (shipped,) = await published(transactions.engine)
    assert isinstance(shipped, StockShipped)


async def test_a_cancelled_order_frees_its_units(
    transactions: Transactions, hear: Hear, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    order = an_order({mug: 2})
    await hear(order)
    _ = await published(transactions.engine)
    await hear(cancelled(order))
    released, changed = await published(transactions.engine)
    assert isinstance(released, StockReleased)
    assert [line.quantity for line in released.lines] == [2]
    assert isinstance(changed, StockChanged)
    assert (changed.reserved, changed.available) == (0, 5)


async def test_cancelling_an_order_that_was_short_says_nothing(
    transactions: Transactions, hear: Hear, mug: VariantId
) -> None:
    order = an_order({mug: 2})
    await hear(order)
    _ = await published(transactions.engine)
    await hear(cancelled(order))
    assert await published(transactions.engine) == []


async def test_placed_and_cancelled_in_one_batch_hold_nothing(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    orders = [an_order({mug: 1}) for _ in range(4)]
    await hear(*orders, *(cancelled(order) for order in orders))
    assert (await stock_now(mug)).available == 5


async def test_an_order_whose_end_came_first_holds_nothing_any_more(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    _ = await published(transactions.engine)
    order = an_order({mug: 2})
    await hear(cancelled(order))
    await hear(order)
    assert await published(transactions.engine) == []
    assert (await stock_now(mug)).reserved == 0


async def test_an_order_told_again_as_another_event_is_not_reserved_again(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    order = an_order({mug: 2})
    await hear(order, order)
    await hear(order)
    assert (await stock_now(mug)).reserved == 2


async def test_cancelled_twice_as_two_events_is_released_once(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    one, other = an_order({mug: 2}), an_order({mug: 1})
    await hear(one, other)
    await hear(cancelled(one), cancelled(one))
    await hear(cancelled(one))
    assert (await stock_now(mug)).reserved == 1


async def test_a_fulfilled_order_leaves_the_shelf(
    transactions: Transactions, hear: Hear, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    order = an_order({mug: 2})
    await hear(order)
    _ = await published(transactions.engine)
    await hear(fulfilled(order))
    shipped, changed = await published(transactions.engine)
    assert isinstance(shipped, StockShipped)
    assert isinstance(changed, StockChanged)
    assert (changed.on_hand, changed.reserved, changed.available) == (3, 0, 3)


async def test_an_order_that_nothing_is_held_for_cannot_leave(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 1)
    held, short = an_order({mug: 1}), an_order({mug: 1})
    await hear(held, short)
    with pytest.raises(NothingHeld, match=short.number):
        await hear(fulfilled(held), fulfilled(short))
    assert (await stock_now(mug)).on_hand == 1


async def test_cancelling_what_has_left_brings_nothing_back(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    order = an_order({mug: 2})
    await hear(order)
    await hear(fulfilled(order))
    _ = await published(transactions.engine)
    await hear(cancelled(order))
    assert await published(transactions.engine) == []
    assert (await stock_now(mug)).on_hand == 3


# --- products -------------------------------------------------------------------


async def test_a_new_variant_is_told_with_an_empty_level(
    transactions: Transactions, hear: Hear, mug: VariantId
) -> None:
    await hear(a_product(a_variant(mug, sku="MUG-1")))
    (changed,) = await published(transactions.engine)
    assert isinstance(changed, StockChanged)
    assert (changed.sku, changed.tracked, changed.available) == ("MUG-1", True, 0)
    assert len(changed.levels) == 1


async def test_a_new_title_is_kept_and_nothing_is_told(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    product = a_product(a_variant(mug))
    await hear(product)
    _ = await published(transactions.engine)
    await hear(product.model_copy(update={"title": "Big mug", "version": 2}))
    assert await published(transactions.engine) == []
    assert (await stock_now(mug)).item.title == "Big mug"


@pytest.mark.parametrize(
    "terms",
    [{"backorder": True}, {"tracked": False}, {"sku": "OTHER"}],
    ids=lambda t: next(iter(t)),
)
async def test_a_change_of_terms_is_told(
    transactions: Transactions, hear: Hear, mug: VariantId, terms: dict[str, bool]
) -> None:
    product = a_product(a_variant(mug))
    await hear(product)
    _ = await published(transactions.engine)
    variants = [product.variants[0].model_copy(update=terms)]
    await hear(product.model_copy(update={"variants": variants, "version": 2}))
    (changed,) = await published(transactions.engine)
    assert isinstance(changed, StockChanged)
    assert changed.tracked is terms.get("tracked", True)
    assert changed.sku == terms.get("sku", "MUG")
    assert changed.available == (BACKORDER_UNLIMITED if terms.get("backorder") else 0)


async def test_a_variant_with_backorders_sells_without_ever_having_been_received(
    transactions: Transactions, hear: Hear, mug: VariantId
) -> None:
    await hear(a_product(a_variant(mug, backorder=True)))
    order = an_order({mug: 3})
    await hear(order)
    assert StockReserved in {type(event) for event in await published(transactions.engine)}
    await hear(fulfilled(order))
    *_, changed = await published(transactions.engine)
    assert isinstance(changed, StockChanged)
    assert (changed.on_hand, changed.reserved) == (0, 0)


async def test_stopping_backorders_keeps_the_promises_that_were_made(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    product = a_product(a_variant(mug, backorder=True))
    await hear(product)
    order = an_order({mug: 3})
    await hear(order)
    stopped = [product.variants[0].model_copy(update={"backorder": False})]
    await hear(product.model_copy(update={"variants": stopped, "version": 2}))
    assert ((await stock_now(mug)).reserved, (await stock_now(mug)).available) == (3, 0)
    await hear(cancelled(order))
    assert (await stock_now(mug)).available == 0


async def test_stock_may_come_before_the_catalogue_is_heard(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    await hear(a_product(a_variant(mug, sku="LATE")))
    stock = await stock_now(mug)
    assert (stock.item.sku, stock.available) == ("LATE", 5)


async def test_removing_a_product_does_not_touch_its_stock(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    product = a_product(a_variant(mug))
    await hear(product)
    await on_the_shelf(transactions, mug, 5)
    await hear(an_order({mug: 2}))
    _ = await published(transactions.engine)
    await hear(removed(product))
    assert await published(transactions.engine) == []
    stock = await stock_now(mug)
    assert (stock.item.removed, stock.on_hand, stock.reserved) == (True, 5, 2)


async def test_a_variant_that_its_product_no_longer_has_counts_as_removed(
    hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    product = a_product(a_variant(mug, sku="A"), a_variant(sku="B"))
    await hear(product)
    await hear(product.model_copy(update={"variants": product.variants[1:], "version": 2}))
    assert (await stock_now(mug)).item.removed
    await hear(product.model_copy(update={"version": 3}))
    assert not (await stock_now(mug)).item.removed


async def test_of_a_run_about_one_product_the_last_counts(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    product = a_product(a_variant(mug))
    later = product.model_copy(update={"title": "Big mug", "version": 2})
    await hear(product, later)
    assert (await stock_now(mug)).item.title == "Big mug"
    await hear(product)
    assert (await stock_now(mug)).item.title == "Big mug"
    assert len(await published(transactions.engine)) == 1


async def test_of_two_products_that_both_claim_a_variant_the_last_counts(
    transactions: Transactions, hear: Hear, stock_now: StockNow, mug: VariantId
) -> None:
    await hear(a_product(a_variant(mug, backorder=True)), a_product(a_variant(mug)))
    stock = await stock_now(mug)
    assert not stock.item.backorder
    assert [shelf.backorder_limit for shelf in stock.shelves] == [0]
    (changed,) = await published(transactions.engine)
    assert isinstance(changed, StockChanged)
    assert changed.available == 0
