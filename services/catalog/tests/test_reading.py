"""What visitors read: pages, batches, and lists."""

from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from catalog.model.definition import MediaTerms, TranslationTerms
from catalog.testing import (
    Shop,
    a_price,
    a_product,
    euros,
    open_shop,
    stock_changed,
    variant_ids,
)
from catalog.views.shapes import ProductPage, SearchPage

WORDS = TranslationTerms(locale="de", slug="blaue-tasse", title="Blaue Tasse", seo_title="Tassen")


async def test_a_page_shows_price_and_availability_in_one_read(shop: Shop) -> None:
    made = await shop.create(a_product("Blue Mug", price=1999, sizes=["S", "L"], tracked=True))
    small, _large = variant_ids(made)
    await shop.hand.hear(stock_changed(small, 3))

    page = await shop.get(f"/products/{made['id']}")

    assert page["title"] == "Blue Mug"
    assert page["price_min"] == page["price_max"] == {"amount": 1999, "currency": "EUR"}
    assert page["in_stock"] is True
    first, second = page["variants"]
    assert (first["title"], first["options"]) == ("S", {"Size": "S"})
    assert (first["in_stock"], first["available"]) == (True, 3)
    assert (second["in_stock"], second["available"]) == (False, 0)


async def test_a_page_is_read_by_slug_in_the_words_of_the_locale(shop: Shop) -> None:
    _ = await shop.create(a_product("Blue Mug", translations=[WORDS]))

    german = await shop.get("/products/by-slug/blaue-tasse", locale="de-AT")
    english = await shop.get("/products/by-slug/blue-mug")
    found_by_foreign_slug = await shop.get("/products/by-slug/blaue-tasse", locale="fr")

    assert (german["title"], german["locale"], german["slug"]) == (
        "Blaue Tasse", "de", "blaue-tasse",
    )  # fmt: skip
    assert german["seo_title"] == "Tassen"
    assert (english["title"], english["locale"], english["slug"]) == ("Blue Mug", None, "blue-mug")
    assert found_by_foreign_slug["title"] == "Blue Mug"
    assert english["alternates"] == [{"locale": "de", "slug": "blaue-tasse"}]


async def test_a_slug_counts_in_the_locale_that_is_asked_for(shop: Shop) -> None:
    _ = await shop.create(a_product("Gift"))
    poison = TranslationTerms(locale="de", slug="gift", title="Gift (giftig)")
    _ = await shop.create(a_product("Poison", translations=[poison]))

    assert (await shop.get("/products/by-slug/gift", locale="de"))["title"] == "Gift (giftig)"
    assert (await shop.get("/products/by-slug/gift", locale="fr"))["title"] == "Gift"


async def test_a_page_tells_its_breadcrumb_and_pictures(shop: Shop) -> None:
    file = "Home > Kitchen > Mugs"
    report = await shop.bring_in(
        b"Handle,Title,Variant Price,Product Category,Image Src,Image Alt Text\n"
        b"mug,Mug,9.99," + file.encode() + b",https://example.com/mug.jpg,A mug\n"
    )
    assert report["products"]["created"] == 1

    page = await shop.get("/products/by-slug/mug")

    assert [step["name"] for step in page["categories"][0]["path"]] == ["Home", "Kitchen", "Mugs"]
    assert [(m["url"], m["alt"]) for m in page["media"]] == [
        ("https://example.com/mug.jpg", "A mug")
    ]


async def test_a_variant_shows_the_picture_it_is_on(shop: Shop) -> None:
    media = [
        MediaTerms(url="https://example.com/all.jpg"),
        MediaTerms(url="https://example.com/l.jpg", variants=["BLUE-MUG-L"]),
    ]
    made = await shop.create(a_product("Blue Mug", sizes=["S", "L"], media=media))

    page = await shop.get(f"/products/{made['id']}")

    assert [v["image_url"] for v in page["variants"]] == [None, "https://example.com/l.jpg"]


async def test_only_staff_see_a_draft(shop: Shop) -> None:
    made = await shop.create(a_product(status="draft"))
    address = f"/catalog/v1/products/{made['id']}"

    assert (await shop.guest.get(address)).status_code == 404
    assert (await shop.staff.get(address)).json()["status"] == "draft"
    assert await shop.titles() == []
    assert (await shop.guest.get("/catalog/v1/products?status=draft")).status_code == 403
    drafts = await shop.staff.get("/catalog/v1/products?status=draft")
    assert [item["title"] for item in drafts.json()["items"]] == ["Blue Mug"]


async def test_what_has_no_price_in_a_channel_is_not_listed_there(shop: Shop) -> None:
    made = await shop.create(a_product(price=None))

    assert await shop.titles() == []
    page = await shop.get(f"/products/{made['id']}")
    assert (page["price_min"], page["in_stock"]) == (None, False)
    everything = await shop.staff.get("/catalog/v1/products")
    assert [item["title"] for item in everything.json()["items"]] == ["Blue Mug"]


async def test_a_batch_is_read_by_ids_variants_or_skus(shop: Shop) -> None:
    mug = await shop.create(a_product("Blue Mug", sizes=["S", "L"]))
    hat = await shop.create(a_product("Hat"))
    ids = [hat["id"], mug["id"], str(uuid4())]
    variants = [str(i) for i in variant_ids(mug)]

    by_id = await shop.get("/products", id=ids)
    by_variant = await shop.get("/products", variant_id=variants)
    by_sku = await shop.get("/products", sku=["HAT", "nobody"])

    assert [item["title"] for item in by_id["items"]] == ["Hat", "Blue Mug"]
    assert [item["title"] for item in by_variant["items"]] == ["Blue Mug"]
    assert [item["title"] for item in by_sku["items"]] == ["Hat"]


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"id": [str(uuid4())] * 101}, 422),
        ({"id": str(uuid4()), "sku": "X"}, 400),
        ({"after": "not-a-cursor"}, 422),
        ({"channel": "nowhere"}, 404),
        ({"sort": "random"}, 422),
        ({"locale": "english"}, 422),
        ({"vendor": "a\x00b"}, 422),
    ],
)
async def test_a_wrong_question_is_refused_with_a_reason(
    shop: Shop, params: dict[str, Any], status: int
) -> None:
    answer = await shop.guest.get("/catalog/v1/products", params=params)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("title", ["Äpfel", "Apple", "banana", "Cherry", "Zebra"]),
        ("-newest", ["Zebra", "Cherry", "banana", "Äpfel", "Apple"]),
        ("price", ["Zebra", "Cherry", "banana", "Äpfel", "Apple"]),
        ("-price", ["Apple", "Äpfel", "banana", "Cherry", "Zebra"]),
    ],
)
async def test_a_list_pages_through_everything_in_order(
    shop: Shop, sort: str, expected: list[str]
) -> None:
    for place, title in enumerate(["Apple", "Äpfel", "banana", "Cherry", "Zebra"]):
        _ = await shop.create(a_product(title, price=5000 - 1000 * place))
        _ = shop.clock.advance(seconds=1)

    assert await shop.titles(sort=sort, limit=2) == expected


async def test_products_that_are_alike_in_the_sort_key_are_each_listed_once(shop: Shop) -> None:
    for number in range(7):
        _ = await shop.create(a_product("Same", slug=f"same-{number}", price=100))

    for sort in ("title", "-newest", "price", "-price"):
        page = await shop.get("/products", sort=sort, limit=3)
        ids = [item["id"] for item in page["items"]]
        while page["next"]:
            page = await shop.get("/products", sort=sort, limit=3, after=page["next"])
            ids += [item["id"] for item in page["items"]]
        assert len(ids) == len(set(ids)) == 7
        assert all(a != b for a, b in pairwise(ids))


async def test_a_list_is_narrowed_by_everything_together(shop: Shop) -> None:
    _ = await shop.create(a_product("Red", price=500, vendor="Acme", tags=["Sale", "new"]))
    _ = await shop.create(a_product("Green", price=900, vendor="Acme", tags=["new"]))
    _ = await shop.create(
        a_product("Blue", price=500, vendor="Other", product_type="Mug", tracked=True)
    )

    assert await shop.titles(vendor="ACME") == ["Green", "Red"]
    assert await shop.titles(tag=["new", "sale"]) == ["Red"]
    assert await shop.titles(price_to=500) == ["Blue", "Red"]
    assert await shop.titles(price_from=501) == ["Green"]
    assert await shop.titles(product_type="mug") == ["Blue"]
    assert await shop.titles(in_stock=True) == ["Green", "Red"]
    assert await shop.titles(in_stock=False) == ["Blue"]
    assert await shop.titles(vendor="Acme", price_to=600) == ["Red"]
    assert await shop.titles(vendor="o'; DROP TABLE product; --") == []


async def test_a_list_asks_the_database_twice_however_long_it_is(shop: Shop) -> None:
    for number in range(12):
        _ = await shop.create(a_product(f"Mug {number}", sizes=["S", "M", "L"]))

    with shop.statements() as sent:
        page = await shop.get("/products", limit=12)
    assert (len(page["items"]), len(sent)) == (12, 2)
    with shop.statements() as sent:
        _ = await shop.get(f"/products/{page['items'][0]['id']}")
    assert len(sent) == 1


async def test_a_page_that_has_not_changed_costs_no_body(shop: Shop) -> None:
    made = await shop.create(a_product(tracked=True))
    address = f"/catalog/v1/products/{made['id']}"

    first = await shop.guest.get(address)
    again = await shop.guest.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["Cache-Control"].startswith("public")
    as_staff = await shop.staff.get(address)
    assert as_staff.headers["Cache-Control"].startswith("private")

    await shop.hand.hear(stock_changed(variant_ids(made)[0], 5))
    changed = await shop.guest.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


async def test_a_scheduled_price_shows_when_its_time_comes(shop: Shop) -> None:
    start = shop.clock.now
    sale = a_price(
        999,
        compare_at=euros(1999),
        valid_from=start.replace(year=start.year + 1),
        valid_to=start.replace(year=start.year + 2),
    )
    made = await shop.create(a_product())
    variant_id = variant_ids(made)[0]
    answer = await shop.staff.put(
        f"/catalog/v1/variants/{variant_id}/prices",
        json=[a_price(1999).model_dump(mode="json"), sale.model_dump(mode="json")],
    )
    assert answer.status_code == 200

    async def shown() -> tuple[int, int | None]:
        variant = (await shop.get(f"/products/{made['id']}"))["variants"][0]
        crossed = variant["compare_at"]
        return variant["price"]["amount"], crossed and crossed["amount"]

    assert await shown() == (1999, None)
    shop.clock.now = start.replace(year=start.year + 1)
    assert await shown() == (999, 1999)
    shop.clock.now = start.replace(year=start.year + 2)
    assert await shown() == (1999, None)


@pytest.mark.parametrize(
    ("sort", "turned"), [("title", False), ("-newest", True), ("price", False)]
)
async def test_products_of_any_status_are_one_list_page_by_page(
    shop: Shop, sort: str, turned: bool
) -> None:
    statuses = ("active", "draft", "archived")
    for number in range(7):
        shop.clock.advance(seconds=1)
        status = statuses[number % 3]
        _ = await shop.create(a_product(f"Mug {number}", price=100 + number, status=status))
    found: list[tuple[str, str]] = []
    params = {"status": "any", "sort": sort, "limit": "3"}
    while True:
        page = (await shop.staff.get("/catalog/v1/products", params=params)).json()
        found += [(item["title"], item["status"]) for item in page["items"]]
        if page["next"] is None:
            break
        params["after"] = page["next"]
    wanted = [(f"Mug {number}", statuses[number % 3]) for number in range(7)]
    assert found == (wanted[::-1] if turned else wanted)


async def test_what_the_database_writes_is_what_the_views_promise(shop: Shop) -> None:
    made = await shop.create(
        a_product(
            "Mug",
            sizes=("S", "L"),
            price=1899,
            tags=["hot"],
            media=[{"url": "https://example.com/mug.jpg", "alt": "A mug"}],
            metadata={"origin": "Lisbon"},
        )
    )
    _ = await shop.create(a_product("Not for sale", price=None))
    page = await shop.get(f"/products/{made['id']}")
    assert ProductPage.model_validate(page).model_dump(mode="json") == page
    for listed in (await shop.get("/products"), await shop.get("/search", q="mug")):
        assert listed["items"]
        view = SearchPage.model_validate(listed)
        assert view.model_dump(mode="json", exclude_unset=True) == listed


async def test_a_change_by_staff_shows_at_once_though_answers_are_kept(tmp_path: Path) -> None:
    async with open_shop(import_folder=tmp_path, keep_answers_seconds=60) as shop:
        made = await shop.create(a_product("Mug"))
        path = f"/products/{made['id']}"
        assert (await shop.get(path))["title"] == "Mug"
        _ = await shop.sql("UPDATE product SET title = 'Behind its back'")
        assert (await shop.get(path))["title"] == "Mug"
        changed = await shop.staff.patch(f"/catalog/v1{path}", json={"title": "Jug"})
        assert changed.status_code == 200, changed.text
        assert (await shop.get(path))["title"] == "Jug"
        assert (
            (await shop.staff.get(f"/catalog/v1{path}"))
            .headers["cache-control"]
            .startswith("private")
        )
