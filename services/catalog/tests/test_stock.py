"""What catalog hears of stock, and how lists follow."""

from uuid import uuid4

from catalog.testing import Shop, a_product, stock_changed, variant_ids


async def test_a_product_is_listed_by_what_is_in_stock(shop: Shop) -> None:
    mug = await shop.create(a_product("Mug", sizes=["S", "L"], tracked=True))
    small, large = variant_ids(mug)
    assert await shop.titles(in_stock=True) == []

    await shop.hand.hear(stock_changed(small, 0), stock_changed(large, 2), twice=True)
    assert await shop.titles(in_stock=True) == ["Mug"]

    await shop.hand.hear(stock_changed(large, 0))
    assert await shop.titles(in_stock=True) == []


async def test_the_last_word_on_a_variant_counts(shop: Shop) -> None:
    mug = await shop.create(a_product("Mug", tracked=True))
    variant_id = variant_ids(mug)[0]

    await shop.hand.hear(*(stock_changed(variant_id, level) for level in (3, 0, 7)))

    page = await shop.get(f"/products/{mug['id']}")
    assert (page["variants"][0]["available"], page["in_stock"]) == (7, True)


async def test_stock_that_is_heard_before_its_variant_is_kept_for_it(shop: Shop) -> None:
    stranger = uuid4()
    await shop.hand.hear(stock_changed(stranger, 4))

    rows = await shop.sql("SELECT variant_id, available FROM stock")
    assert [(row.variant_id, row.available) for row in rows] == [(stranger, 4)]


async def test_what_sells_on_is_in_stock_until_inventory_says_otherwise(shop: Shop) -> None:
    mug = await shop.create(
        a_product("Mug", variants=[a_product(tracked=True).variants[0].model_copy(
            update={"backorder": True}
        )])
    )  # fmt: skip
    assert await shop.titles(in_stock=True) == ["Mug"]

    await shop.hand.hear(stock_changed(variant_ids(mug)[0], 0))
    assert await shop.titles(in_stock=True) == []


async def test_hearing_stock_tells_nothing_and_changes_no_version(shop: Shop) -> None:
    mug = await shop.create(a_product("Mug", tracked=True))
    _ = await shop.published()

    await shop.hand.hear(stock_changed(variant_ids(mug)[0], 4))

    assert await shop.published() == []
    assert (await shop.get(f"/products/{mug['id']}"))["version"] == 1
    assert await shop.broken_promises() == []


async def test_a_level_that_only_falls_costs_no_relisting(shop: Shop) -> None:
    mug = await shop.create(a_product("Mug", tracked=True))
    variant_id = variant_ids(mug)[0]
    await shop.hand.hear(stock_changed(variant_id, 9))

    with shop.statements() as sent:
        await shop.hand.hear(stock_changed(variant_id, 8))

    assert not any("INSERT INTO listing" in statement for statement in sent)
