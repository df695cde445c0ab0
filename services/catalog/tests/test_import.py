"""Importing product CSVs in Shopify's layout, good ones and bad ones."""

import asyncio
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from catalog.testing import Shop, a_csv, a_first_row, a_price, a_product, a_row
from catalog.usecases.import_products import import_products
from catalog.usecases.tidy_imports import tidy_imports
from wareflow_events.schemas.catalog import ProductChanged

SIZED = [
    a_first_row("mug", "Mug", Option1_Name="Size", Option1_Value="S", Variant_SKU="M-S"),
    a_row("mug", Option1_Value="L", Variant_SKU="M-L", Variant_Price="12.50"),
]


def outcome(report: dict[str, Any]) -> tuple[int, int, int, int]:
    """Products created, updated, unchanged, rejected."""
    return tuple(report["products"].values())  # pyright: ignore[reportReturnType]


def errors(report: dict[str, Any]) -> list[tuple[int, str | None, str]]:
    """Line, column and effect of each problem."""
    return [(e["line"], e["column"], e["effect"]) for e in report["errors"]["items"]]


async def product(shop: Shop, slug: str) -> dict[str, Any]:
    """A product's terms, as staff get them."""
    page = (await shop.staff.get(f"/catalog/v1/products/by-slug/{slug}")).json()
    return (await shop.staff.get(f"/catalog/v1/products/{page['id']}/terms")).json()["terms"]


async def test_a_file_becomes_products_that_are_told_and_can_be_bought(shop: Shop) -> None:
    _ = await shop.published()
    file = a_csv(
        a_row(
            "mug", Title="Mug", Vendor="Acme", Type="Cup", Tags="new, blue , new",
            Published="TRUE", Option1_Name="Size", Option1_Value="S", Variant_Price="9.99",
            Variant_Compare_At_Price="12", Variant_Grams="250.4",
            Variant_Inventory_Tracker="shopify", Variant_Inventory_Qty="3",
            Variant_Inventory_Policy="continue", Variant_Requires_Shipping="true",
            Variant_Taxable="FALSE", Variant_Barcode="123",
            Image_Src="https://example.com/2.jpg", Image_Position="2", SEO_Title="Mugs",
            Variant_Tax_Code="P1", Cost_per_item="3.10", Product_Category="Home > Mugs",
            **{"Body (HTML)": "<b>Good</b><script>x</script>"},
        ),
        a_row("mug", Option1_Value="L", Variant_Price="12.50",
              Variant_Image="https://example.com/l.jpg"),
        a_row("mug", Image_Src="https://example.com/1.jpg", Image_Position="1",
              Image_Alt_Text="One"),
    )  # fmt: skip

    report = await shop.bring_in(file)

    assert (outcome(report), report["errors"]["items"]) == ((1, 0, 0, 0), [])
    terms = await product(shop, "mug")
    small, large = terms["variants"]
    assert (terms["status"], terms["vendor"], terms["product_type"]) == ("active", "Acme", "Cup")
    assert (terms["tags"], terms["categories"]) == (["new", "blue"], ["mugs"])
    assert (terms["description"], terms["seo_title"]) == ("<b>Good</b>", "Mugs")
    assert (small["sku"], large["sku"]) == ("MUG-S", "MUG-L")
    assert (small["weight_grams"], small["taxable"], small["tax_code"]) == (250, False, "P1")
    assert (small["tracked"], small["backorder"], large["tracked"]) == (True, True, False)
    assert small["cost"] == {"amount": 310, "currency": "EUR"}
    assert small["prices"][0]["compare_at"] == {"amount": 1200, "currency": "EUR"}
    assert [(m["url"][-5:], m["alt"]) for m in terms["media"]] == [
        ("1.jpg", "One"), ("2.jpg", ""), ("l.jpg", ""),
    ]  # fmt: skip
    assert terms["media"][2]["variants"] == [large["id"]]
    (event,) = await shop.published()
    assert isinstance(event, ProductChanged)
    assert event.variants[1].prices[0].price.amount == 1250
    stock = (await shop.staff.get(f"/catalog/v1/imports/{report['id']}/stock")).json()
    assert stock["items"] == [{"variant_id": small["id"], "sku": "MUG-S", "quantity": 3}]
    assert await shop.broken_promises() == []


async def test_importing_again_changes_nothing(shop: Shop) -> None:
    file = a_csv(*SIZED, a_first_row("hat", "Hat", Variant_Inventory_Tracker="shopify",
                                     Variant_Inventory_Qty="4"))  # fmt: skip
    first = await shop.bring_in(file)
    _ = await shop.published()
    _ = shop.clock.advance(days=1)

    again = await shop.bring_in(file)

    assert (outcome(first), outcome(again)) == ((2, 0, 0, 0), (0, 0, 2, 0))
    assert await shop.published() == []
    assert {row.version for row in await shop.sql("SELECT version FROM product")} == {1}
    stock = [
        (await shop.staff.get(f"/catalog/v1/imports/{report['id']}/stock")).json()["items"]
        for report in (first, again)
    ]
    assert stock[0] == stock[1] != []


async def test_importing_again_finds_nothing_new_even_when_it_looks_closely(shop: Shop) -> None:
    await shop_with(shop, a_csv(*SIZED))
    _ = await shop.sql("UPDATE product SET imported_version = NULL")
    _ = await shop.published()

    again = await shop.bring_in(a_csv(*SIZED))

    assert outcome(again) == (0, 0, 1, 0)
    assert await shop.published() == []


async def shop_with(shop: Shop, file: bytes) -> None:
    """Import a file in which nothing is wrong."""
    report = await shop.bring_in(file)
    assert report["errors"]["items"] == []


async def test_a_changed_cell_changes_its_product_only(shop: Shop) -> None:
    await shop_with(shop, a_csv(*SIZED, a_first_row("hat", "Hat")))
    before = [v["id"] for v in (await product(shop, "mug"))["variants"]]
    _ = await shop.published()
    changed = [SIZED[0], {**SIZED[1], "Variant Price": "13"}]

    report = await shop.bring_in(a_csv(*changed, a_first_row("hat", "Hat")))

    assert outcome(report) == (0, 1, 1, 0)
    (event,) = await shop.published()
    assert isinstance(event, ProductChanged)
    assert [v.prices[0].price.amount for v in event.variants] == [999, 1300]
    assert [str(v.variant_id) for v in event.variants] == before


async def test_rows_of_a_product_may_stand_apart(shop: Shop) -> None:
    file = a_csv(SIZED[0], a_first_row("hat", "Hat"), SIZED[1])

    report = await shop.bring_in(file)

    assert outcome(report) == (2, 0, 0, 0)
    assert len((await product(shop, "mug"))["variants"]) == 2


async def test_a_dry_run_tells_what_would_be_and_leaves_nothing(shop: Shop) -> None:
    _ = await shop.published()
    file = a_csv(*SIZED, a_first_row("hat", "Hat", Variant_Price="€ 50"), a_first_row("bag", "Bag"))

    report = await shop.bring_in(file, dry_run=True)

    assert outcome(report) == (2, 0, 0, 1)
    assert errors(report) == [(4, "Variant Price", "product_left_out")]
    for table in ("product", "category", "source_row", "source_column", "opening_stock"):
        assert await shop.sql(f"SELECT * FROM {table}") == []
    assert await shop.published() == []


async def test_a_bad_row_is_named_and_the_others_go_in(shop: Shop) -> None:
    file = a_csv(
        *SIZED,
        a_row("mug", Option1_Value="XL", Variant_SKU="M-XL", Variant_Price="1,299.00"),
        a_row("mug", Option1_Value="XXL", Variant_Price="14.50"),
        a_first_row("hat", "Hat"),
    )

    report = await shop.bring_in(file)

    assert outcome(report) == (2, 0, 0, 0)
    assert errors(report) == [(4, "Variant Price", "row_left_out")]
    assert "comma" in report["errors"]["items"][0]["reason"]
    values = [v["options"]["Size"] for v in (await product(shop, "mug"))["variants"]]
    assert values == ["S", "L", "XXL"]


async def test_a_product_whose_first_row_is_bad_is_left_out_with_its_lines(shop: Shop) -> None:
    first = {**SIZED[0], "Variant Price": "€ 50"}
    file = a_csv(first, SIZED[1], a_first_row("hat", "Hat"))

    report = await shop.bring_in(file)

    assert outcome(report) == (1, 0, 0, 1)
    assert errors(report) == [(2, "Variant Price", "product_left_out")]
    reason = report["errors"]["items"][0]["reason"]
    assert "'mug' (lines 2, 3)" in reason
    assert await shop.titles() == ["Hat"]


@pytest.mark.parametrize(
    ("cells", "column", "effect"),
    [
        ({"Variant_Price": "abc"}, "Variant Price", "product_left_out"),
        ({"Variant_Price": "-5"}, "Variant Price", "product_left_out"),
        ({"Variant_Price": "9.999"}, "Variant Price", "product_left_out"),
        ({"Variant_Price": "1e3"}, "Variant Price", "product_left_out"),
        ({"Variant_Price": "9,99"}, "Variant Price", "product_left_out"),
        ({"Variant_Price": "NaN"}, "Variant Price", "product_left_out"),
        ({"Variant_Price": "9" * 30}, "Variant Price", "product_left_out"),
        ({"Variant_Compare_At_Price": "$12"}, "Variant Compare At Price", "product_left_out"),
        ({"Cost_per_item": "free"}, "Cost per item", "product_left_out"),
        ({"Variant_Grams": "heavy"}, "Variant Grams", "product_left_out"),
        ({"Variant_Grams": "-3"}, "Variant Grams", "product_left_out"),
        ({"Published": "maybe"}, "Published", "product_left_out"),
        ({"Status": "sold"}, "Status", "product_left_out"),
        ({"Gift_Card": "perhaps"}, "Gift Card", "product_left_out"),
        ({"Variant_Inventory_Policy": "ask"}, "Variant Inventory Policy", "product_left_out"),
        ({"Title": ""}, None, "product_left_out"),
        ({"Title": "x" * 501}, "Title", "product_left_out"),
        ({"Variant_SKU": "x" * 121}, "Variant SKU", "product_left_out"),
        ({"Option1_Name": "Size", "Option1_Value": "x" * 256}, "Option1 Value",
         "product_left_out"),
        ({"Tags": ", ".join(map(str, range(251)))}, None, "product_left_out"),
        ({"Image_Src": "https://e.com/a.jpg", "Image_Alt_Text": "x" * 1001}, "Image Alt Text",
         "value_ignored"),
        ({"Option2_Value": "Blue"}, "Option2 Value", "product_left_out"),
        ({"Variant_Inventory_Qty": "-3"}, "Variant Inventory Qty", "value_ignored"),
        ({"Variant_Inventory_Qty": "1.5"}, "Variant Inventory Qty", "value_ignored"),
        ({"Image_Src": "javascript:alert(1)"}, "Image Src", "value_ignored"),
        ({"Image_Src": "https://e.com/a.jpg", "Image_Position": "0"}, "Image Position",
         "value_ignored"),
        ({"Variant_Image": "ftp://e.com/a.jpg"}, "Variant Image", "value_ignored"),
        ({"Variant_Price": ""}, "Variant Price", "noted"),
    ],
)  # fmt: skip
async def test_a_cell_that_cannot_be_read_is_named_with_its_line(
    shop: Shop, cells: dict[str, str], column: str | None, effect: str
) -> None:
    report = await shop.bring_in(a_csv(a_first_row("hat", "Hat"), a_first_row("mug", **cells)))

    assert errors(report) == [(3, column, effect)]
    assert report["products"]["rejected"] == (effect == "product_left_out")
    assert report["errors"]["items"][0]["reason"]


async def test_rows_without_a_handle_are_named(shop: Shop) -> None:
    file = a_csv(a_first_row("", "Nobody"), a_first_row("!!!", "Worse"), a_first_row("hat", "Hat"))

    report = await shop.bring_in(file)

    assert outcome(report) == (1, 0, 0, 0)
    assert errors(report) == [(2, "Handle", "row_left_out"), (3, "Handle", "row_left_out")]
    assert report["rows"] == {"total": 3, "done": 3}


async def test_the_same_options_twice_are_refused(shop: Shop) -> None:
    file = a_csv(*SIZED, {**SIZED[1], "Variant SKU": "M-L2"})

    report = await shop.bring_in(file)

    assert errors(report) == [(4, "Option1 Value", "row_left_out")]
    assert "line 3" in report["errors"]["items"][0]["reason"]


async def test_a_handle_that_comes_again_with_another_title_is_the_same_product(
    shop: Shop,
) -> None:
    file = a_csv(a_first_row("mug", "Mug"), a_first_row("hat", "Hat"), a_first_row("mug", "Jug"))

    report = await shop.bring_in(file)

    assert outcome(report) == (2, 0, 0, 0)
    assert errors(report) == [(4, None, "row_left_out")]
    assert await shop.titles() == ["Hat", "Mug"]


async def test_a_sku_goes_to_the_first_who_names_it(shop: Shop) -> None:
    _ = await shop.create(a_product("Bag", slug="bag"))
    file = a_csv(
        *SIZED,
        a_first_row("hat", "Hat", Variant_SKU="M-L"),
        a_row("mug", Option1_Value="XL", Variant_SKU="M-S", Variant_Price="1"),
        a_row("mug", Option1_Value="XXL", Variant_SKU="BAG", Variant_Price="1"),
    )

    report = await shop.bring_in(file)

    assert outcome(report) == (1, 0, 0, 1)
    reasons = [error["reason"] for error in report["errors"]["items"]]
    assert "line 3" in reasons[0]
    assert "line 2" in reasons[1]
    assert "another product" in reasons[2]


async def test_made_skus_are_stable_and_unlike_each_other(shop: Shop) -> None:
    file = a_csv(
        a_first_row("a-b", "One"),
        a_first_row("a", "Two", Option1_Name="Letter", Option1_Value="B"),
        a_first_row("long", "Long", Option1_Name="Name", Option1_Value="x" * 200),
    )
    await shop_with(shop, file)
    before = sorted(row.sku for row in await shop.sql("SELECT sku FROM variant"))
    _ = await shop.sql("UPDATE product SET imported_version = NULL")

    await shop_with(shop, file)

    after = sorted(row.sku for row in await shop.sql("SELECT sku FROM variant"))
    assert before == after
    assert len(set(after)) == 3
    assert max(map(len, after)) <= 64


async def test_any_number_of_options_is_taken(shop: Shop) -> None:
    cells = {f"Option{n}_Name": f"O{n}" for n in range(1, 6)}
    cells |= {f"Option{n}_Value": f"V{n}" for n in range(1, 6)}

    await shop_with(shop, a_csv(a_first_row("mug", **cells)))

    assert len((await product(shop, "mug"))["options"]) == 5


async def test_a_newer_header_says_the_same(shop: Shop) -> None:
    row = {
        "Title": "Mug", "URL handle": "mug", "Description": "<p>x</p>", "Vendor": "Acme",
        "Product category": "Home > Mugs", "Tags": "a, b", "Published on online store": "TRUE",
        "Status": "Active", "SKU": "M-1", "Barcode": "123", "Option1 name": "Size",
        "Option1 value": "S", "Option1 Linked To": "product.metafields.size", "Price": "9.99",
        "Price / International": "12.00", "Compare-at price": "11.00", "Cost per item": "3.00",
        "Charge tax": "TRUE", "Inventory tracker": "shopify", "Inventory quantity": "7",
        "Continue selling when out of stock": "CONTINUE", "Weight value (grams)": "100",
        "Requires shipping": "FALSE", "Product image URL": "https://example.com/a.jpg",
        "Gift card": "FALSE",
    }  # fmt: skip

    report = await shop.bring_in(a_csv(row, columns=list(row)))

    assert (outcome(report), errors(report)) == ((1, 0, 0, 0), [])
    terms = await product(shop, "mug")
    (variant,) = terms["variants"]
    assert (variant["sku"], variant["weight_grams"], variant["backorder"]) == ("M-1", 100, True)
    assert variant["prices"][0]["price"]["amount"] == 999
    assert (terms["kind"], terms["categories"], report["stock_count"]) == ("digital", ["mugs"], 1)


async def test_a_file_with_few_columns_leaves_the_rest_as_it_is(shop: Shop) -> None:
    full = a_first_row("mug", Vendor="Acme", Variant_SKU="M-1", Tags="a", Variant_Grams="7")
    await shop_with(shop, a_csv(full))

    report = await shop.bring_in(b"Handle,Variant SKU,Variant Price\nmug,M-1,15.00\n")

    assert (outcome(report), errors(report)) == ((0, 1, 0, 0), [])
    terms = await product(shop, "mug")
    assert (terms["title"], terms["vendor"], terms["tags"]) == ("Mug", "Acme", ["a"])
    (variant,) = terms["variants"]
    assert (variant["prices"][0]["price"]["amount"], variant["weight_grams"]) == (1500, 7)


async def test_what_a_file_does_not_name_stays(shop: Shop) -> None:
    await shop_with(shop, a_csv(*SIZED, a_row("mug", Image_Src="https://example.com/a.jpg")))

    report = await shop.bring_in(a_csv({**SIZED[0], "Variant Price": "8"}))

    assert outcome(report) == (0, 1, 0, 0)
    terms = await product(shop, "mug")
    assert [v["options"]["Size"] for v in terms["variants"]] == ["S", "L"]
    assert len(terms["media"]) == 1


async def test_a_sale_outlives_an_import(shop: Shop) -> None:
    await shop_with(shop, a_csv(a_first_row("mug")))
    (variant,) = (await product(shop, "mug"))["variants"]
    now = shop.clock.now
    sale = a_price(500, valid_from=now, valid_to=now.replace(year=now.year + 1))
    prices = [a_price(999).model_dump(mode="json"), sale.model_dump(mode="json")]
    _ = await shop.staff.put(f"/catalog/v1/variants/{variant['id']}/prices", json=prices)
    _ = shop.clock.advance(days=1)

    same = await shop.bring_in(a_csv(a_first_row("mug")))
    dearer = await shop.bring_in(a_csv(a_first_row("mug", Variant_Price="11.00")))

    assert (outcome(same), outcome(dearer)) == ((0, 0, 1, 0), (0, 1, 0, 0))
    assert (await shop.get("/products/by-slug/mug"))["price_min"]["amount"] == 500
    shop.clock.now = now.replace(year=now.year + 1)
    assert (await shop.get("/products/by-slug/mug"))["price_min"]["amount"] == 1100


async def test_a_renamed_address_does_not_make_a_second_product(shop: Shop) -> None:
    await shop_with(shop, a_csv(a_first_row("mug")))
    page = await shop.get("/products/by-slug/mug")
    address = f"/catalog/v1/products/{page['id']}"
    _ = await shop.staff.patch(address, json={"slug": "best-mug"})

    report = await shop.bring_in(a_csv(a_first_row("mug", Vendor="Acme")))

    assert outcome(report) == (0, 1, 0, 0)
    assert (await shop.get("/products/by-slug/best-mug"))["vendor"] == "Acme"


async def test_prices_are_taken_in_the_currency_that_is_named(shop: Shop) -> None:
    report = await shop.bring_in(a_csv(a_first_row("mug", Variant_Price="1200")), currency="JPY")

    assert errors(report) == [(1, None, "noted")]
    page = await shop.get("/products/by-slug/mug")
    assert page["price_min"] == {"amount": 1200, "currency": "JPY"}
    assert (await shop.get("/products"))["items"][0]["price_min"]["currency"] == "JPY"


@pytest.mark.parametrize(
    ("file", "detail"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"Name,Price\nMug,1\n", "'Handle'"),
        (b"Handle;Title\nmug;Mug\n", "semicolons"),
        (b"Handle,Title\nmug,Caf\xe9\n", "Line 2 is not UTF-8"),
        ("Handle,Title\nmug,Mug\n".encode("utf-16"), "UTF-16"),
        (b'Handle,Title\nmug,Mug\nhat,"Hat\nbag,Bag\n', "line 3 on is never closed"),
        (b"Handle,Title\nmug,\x00\n", "NUL"),
        (b"Handle,Title\rmug,Mug\r", "row of line"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_whole(
    shop: Shop, file: bytes, detail: str
) -> None:
    answer = await shop.staff.post(
        "/catalog/v1/imports", content=file, headers={"Content-Type": "text/csv"}
    )

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unusable-file")
    assert detail in answer.json()["detail"]
    assert await shop.sql("SELECT * FROM product_import") == []


async def test_only_a_header_is_a_file_with_nothing_in_it(shop: Shop) -> None:
    report = await shop.bring_in(a_csv())

    assert (report["status"], outcome(report)) == ("finished", (0, 0, 0, 0))


async def test_bom_crlf_and_quoted_newlines_are_read(shop: Shop) -> None:
    file = b'\xef\xbb\xbfHandle,Title,Body (HTML),Variant Price\r\nmug,"Mug\r\n","a\r\nb",1\r\n'
    file += b'hat,"A ""Hat""",x,bad\r\n'

    report = await shop.bring_in(file)

    assert (outcome(report), errors(report)) == (
        (1, 0, 0, 1), [(5, "Variant Price", "product_left_out")],
    )  # fmt: skip
    assert (await product(shop, "mug"))["title"] == "Mug"


async def test_a_row_with_more_cells_than_the_header_is_named(shop: Shop) -> None:
    report = await shop.bring_in(b"Handle,Title,Variant Price\nmug,Mug,1,x\nhat,Hat,1,\nbag,Bag\n")

    assert outcome(report) == (2, 0, 0, 1)
    assert errors(report) == [(2, None, "product_left_out"), (4, "Variant Price", "noted")]


async def test_a_file_may_come_as_a_form(shop: Shop) -> None:
    answer = await shop.staff.post(
        "/catalog/v1/imports", files={"file": ("p.csv", a_csv(a_first_row("mug")), "text/csv")}
    )
    wrong = await shop.staff.post("/catalog/v1/imports", files={"other": ("p.csv", b"x")})
    json = await shop.staff.post("/catalog/v1/imports", json={})

    assert outcome(answer.json()) == (1, 0, 0, 0)
    assert (wrong.status_code, json.status_code) == (422, 415)


async def test_the_same_key_is_the_same_import(shop: Shop) -> None:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": uuid4().hex}

    async def send(file: bytes) -> Any:
        return await shop.staff.post("/catalog/v1/imports", content=file, headers=headers)

    first, again = await send(a_csv(a_first_row("mug"))), await send(a_csv(a_first_row("mug")))
    other = await send(a_csv(a_first_row("hat")))

    assert first.json()["id"] == again.json()["id"]
    assert other.status_code == 422


async def test_an_import_can_be_watched_without_waiting(shop: Shop) -> None:
    answer = await shop.staff.post(
        "/catalog/v1/imports",
        content=a_csv(*(a_first_row(f"mug-{n}", f"Mug {n}") for n in range(250))),
        headers={"Content-Type": "text/csv", "Prefer": "wait=0"},
    )
    assert answer.status_code == 202
    address = answer.headers["Location"]
    seen: set[int] = set()
    async with asyncio.timeout(30):
        while (report := (await shop.staff.get(address)).json())["status"] == "running":
            seen.add(report["rows"]["done"])
            await asyncio.sleep(0)

    assert (report["status"], report["rows"]) == ("finished", {"total": 250, "done": 250})
    assert seen <= {0, 100, 200, 250}
    listed = (await shop.staff.get("/catalog/v1/imports")).json()["items"]
    assert [item["id"] for item in listed] == [report["id"]]
    assert (await shop.staff.get(f"/catalog/v1/imports/{uuid4()}")).status_code == 404


async def test_a_stop_ends_a_running_import_and_says_so(shop: Shop) -> None:
    answer = await shop.staff.post(
        "/catalog/v1/imports",
        content=a_csv(*(a_first_row(f"mug-{n}", f"Mug {n}") for n in range(2000))),
        headers={"Content-Type": "text/csv", "Prefer": "wait=0"},
    )
    await shop.service.app.state.imports.stop()

    report = (await shop.staff.get(answer.headers["Location"])).json()
    assert report["status"] == "failed"
    assert "import the file again" in report["failure"]


async def test_an_import_that_lost_its_process_is_ended_and_old_reports_are_forgotten(
    shop: Shop,
) -> None:
    report = await shop.bring_in(a_csv(a_first_row("mug")))
    address = f"/catalog/v1/imports/{report['id']}"
    _ = await shop.sql("UPDATE product_import SET status = 'running', ended_at = NULL")
    assert not await tidy_imports(shop.service.transactions)
    assert (await shop.staff.get(address)).json()["status"] == "running"

    _ = shop.clock.advance(minutes=3)
    _ = await tidy_imports(shop.service.transactions)
    assert (await shop.staff.get(address)).json()["status"] == "failed"

    _ = shop.clock.advance(days=31)
    _ = await tidy_imports(shop.service.transactions)
    assert (await shop.staff.get(address)).status_code == 404
    assert await shop.titles() == ["Mug"]


async def test_problems_are_read_page_by_page(shop: Shop) -> None:
    rows = (a_first_row(f"mug-{n}", Variant_Price="x") for n in range(7))
    report = await shop.bring_in(a_csv(*rows))

    lines: list[int] = []
    params: dict[str, Any] = {"limit": 3}
    while True:
        answer = await shop.staff.get(f"/catalog/v1/imports/{report['id']}/errors", params=params)
        lines += [error["line"] for error in answer.json()["items"]]
        if answer.json()["next"] is None:
            break
        params["after"] = answer.json()["next"]

    assert lines == [2, 3, 4, 5, 6, 7, 8]
    assert report["error_count"] == 7


async def test_two_imports_of_the_same_file_at_once_make_each_product_once(
    shop: Shop, tmp_path: Path
) -> None:
    path = tmp_path / "products.csv"
    _ = path.write_bytes(a_csv(*(a_first_row(f"mug-{n}", f"Mug {n}") for n in range(150))))

    first, second = await asyncio.gather(
        *(import_products(shop.service.transactions, path=path) for _ in range(2))
    )

    assert first.created + second.created == 150
    assert first.rejected + second.rejected == 0
    assert len(await shop.sql("SELECT id FROM product")) == 150
    assert await shop.broken_promises() == []


async def test_a_variant_keeps_its_id_when_its_option_is_renamed_under_its_sku(
    shop: Shop,
) -> None:
    await shop_with(shop, a_csv(*SIZED))
    before = await product(shop, "mug")

    await shop_with(shop, a_csv(SIZED[0], {**SIZED[1], "Option1 Value": "Large"}))

    after = await product(shop, "mug")
    assert [v["id"] for v in after["variants"]] == [v["id"] for v in before["variants"]]
    assert after["options"] == [{"name": "Size", "values": ["S", "Large"]}]


async def test_a_product_that_gets_options_loses_its_only_form(shop: Shop) -> None:
    await shop_with(shop, a_csv(a_first_row("mug")))
    _ = await shop.bring_in(a_csv(*SIZED))

    terms = await product(shop, "mug")
    assert [v["options"] for v in terms["variants"]] == [{"Size": "S"}, {"Size": "L"}]
    assert await shop.broken_promises() == []


async def test_categories_of_one_name_get_addresses_of_their_own(shop: Shop) -> None:
    paths = ("Home > Lamps", "Garden > Lamps", "home > lamps", "Lamps")
    rows = [a_first_row(f"p{n}", f"P{n}", Product_Category=p) for n, p in enumerate(paths)]

    await shop_with(shop, a_csv(*rows))

    tree = (await shop.get("/categories"))["items"]
    assert sorted(c["slug"] for c in tree) == [
        "garden", "garden-lamps", "home", "lamps", "lamps-2",
    ]  # fmt: skip
    assert await shop.titles(category="home") == ["P0", "P2"]


async def test_a_row_of_a_picture_may_hold_what_says_nothing_of_a_variant(shop: Shop) -> None:
    picture = a_row(
        "mug",
        Image_Src="https://example.com/a.jpg",
        Variant_Grams="0",
        Variant_Inventory_Qty="0",
        Variant_Inventory_Policy="deny",
        Variant_Weight_Unit="kg",
    )

    await shop_with(shop, a_csv(*SIZED, picture))

    terms = await product(shop, "mug")
    assert (len(terms["variants"]), len(terms["media"])) == (2, 1)


async def test_files_that_a_killed_process_left_are_removed(shop: Shop, tmp_path: Path) -> None:
    left, young = (tmp_path / f"catalog-import-{name}.csv" for name in ("left", "young"))
    for path in (left, young):
        path.touch()
    os.utime(left, (0, 0))

    _ = await shop.bring_in(a_csv(*SIZED))

    assert list(tmp_path.iterdir()) == [young]
