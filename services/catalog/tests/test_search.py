"""Finding products by words."""

import pytest

from catalog.model.definition import TranslationTerms, VariantTerms
from catalog.testing import Shop, a_price, a_product

HANGER = VariantTerms(sku="HNG-0042", barcode="4006381333931", prices=[a_price()])


@pytest.fixture(autouse=True)
async def stocked(shop: Shop) -> None:
    """A few products to be found."""
    for terms in (
        a_product("Running Shoes", vendor="Fleet", tags=["sport"], slug="shoes"),
        a_product("Red Jacket", description="<p>Warm, for <b>runners</b></p>"),
        a_product("Jacket Hanger", variants=[HANGER]),
        a_product("Éclair Mould", status="draft"),
        a_product("Crème Brûlée Torch"),
    ):
        _ = await shop.create(terms)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("shoe", ["Running Shoes"]),
        ("run", ["Running Shoes", "Red Jacket"]),
        ("runni", ["Running Shoes"]),
        ("RED jack", ["Red Jacket"]),
        ("the red jacket", ["Red Jacket"]),
        ("fleet", ["Running Shoes"]),
        ("sport", ["Running Shoes"]),
        ("hng 0042", ["Jacket Hanger"]),
        ("HNG-0042", ["Jacket Hanger"]),
        ("4006381333931", ["Jacket Hanger"]),
        ("creme brulee", ["Crème Brûlée Torch"]),
        ("eclair", []),
        ("red shoes", []),
        ("!?", []),
        ("'; DROP TABLE product; --", []),
        ("a & b | !c:*", []),
    ],
)
async def test_words_find_products(shop: Shop, query: str, expected: list[str]) -> None:
    assert await shop.titles("/search", q=query) == expected


async def test_a_title_counts_more_than_a_description(shop: Shop) -> None:
    assert await shop.titles("/search", q="runner") == ["Red Jacket"]
    assert (await shop.titles("/search", q="running"))[0] == "Running Shoes"


@pytest.mark.parametrize(
    ("query", "corrected"),
    [("jaket", "jacket"), ("shose", "shoes"), ("redd jakcet", "red jacket"), ("torhc", "torch")],
)
async def test_a_typo_is_corrected_when_nothing_is_found(
    shop: Shop, query: str, corrected: str
) -> None:
    answer = await shop.get("/search", q=query)

    assert answer["corrected"] == corrected
    assert answer["items"]


async def test_a_correction_that_finds_nothing_is_not_offered(shop: Shop) -> None:
    product = (await shop.get("/search", q="hanger"))["items"][0]
    _ = await shop.staff.delete(f"/catalog/v1/products/{product['id']}")

    answer = await shop.get("/search", q="hangre")

    assert (answer["items"], answer["corrected"]) == ([], None)


async def test_a_product_is_found_by_its_words_in_the_locale(shop: Shop) -> None:
    words = TranslationTerms(locale="de", slug="schuhe", title="Laufschuhe für Läufer")
    _ = await shop.create(a_product("Trainers", translations=[words]))

    found = await shop.get("/search", q="laufschuh", locale="de")
    assert [(i["title"], i["slug"]) for i in found["items"]] == [
        ("Laufschuhe für Läufer", "schuhe")
    ]
    assert (await shop.get("/search", q="laufschuh"))["items"] == []
    assert await shop.titles("/search", q="trainer", locale="de") == ["Laufschuhe für Läufer"]


async def test_a_search_pages_through_all_matches_once(shop: Shop) -> None:
    for number in range(5):
        _ = await shop.create(a_product(f"Jacket {number}"))

    found = await shop.titles("/search", q="jacket", limit=2)

    assert len(found) == len(set(found)) == 7


async def test_a_corrected_search_pages_on_with_the_corrected_words(shop: Shop) -> None:
    for number in range(5):
        _ = await shop.create(a_product(f"Jacket {number}"))

    found = await shop.titles("/search", q="jaket", limit=2)

    assert len(found) == len(set(found)) == 7


async def test_a_search_is_narrowed_like_a_list(shop: Shop) -> None:
    _ = await shop.create(a_product("Dear Jacket", price=90_000))

    assert await shop.titles("/search", q="jacket", price_from=50_000) == ["Dear Jacket"]
    assert await shop.titles("/search", q="jacket", vendor="fleet") == []


async def test_a_renamed_product_is_found_by_its_new_words_only(shop: Shop) -> None:
    product = (await shop.get("/search", q="hanger"))["items"][0]
    _ = await shop.staff.patch(f"/catalog/v1/products/{product['id']}", json={"title": "Hook"})

    assert await shop.titles("/search", q="hook") == ["Hook"]
    assert (await shop.get("/search", q="hanger"))["items"] == []
