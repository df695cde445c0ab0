"""The catalogue as a CSV: what came in goes out again, cell by cell."""

import csv
import io
import os
from pathlib import Path

import pytest

from catalog.model.definition import MediaTerms
from catalog.testing import (
    Shop,
    a_csv,
    a_first_row,
    a_product,
    a_row,
    rows_of,
    variant_ids,
)

E = "/catalog/v1/export.csv"
REPOSITORY = Path(__file__).parents[3]
SHARED = Path(os.environ.get("WAREFLOW_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
FILES = sorted((SHARED / "shopify-products").glob("*.csv"))
SAMPLE = Path(__file__).parents[1] / "src" / "catalog" / "sample" / "products.csv"

needs_shared_data = pytest.mark.skipif(
    not FILES, reason=f"no product CSVs in {SHARED}; WAREFLOW_SHARED_DATA names another folder"
)


async def exported(shop: Shop, **params: str) -> list[dict[str, str]]:
    """The rows of an export, without empty cells."""
    answer = await shop.staff.get(E, params=params)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return rows_of(answer.text)


@needs_shared_data
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
async def test_a_real_file_comes_out_as_it_went_in(shop: Shop, path: Path) -> None:
    file = path.read_bytes()

    report = await shop.bring_in(file)

    assert (report["errors"]["items"], report["products"]["rejected"]) == ([], 0)
    assert await exported(shop) == rows_of(file)
    again = await shop.bring_in(file)
    assert again["products"]["unchanged"] == report["products"]["created"]
    assert await shop.broken_promises() == []


@needs_shared_data
async def test_all_real_files_together_come_out_as_they_went_in(shop: Shop) -> None:
    for path in FILES:
        _ = await shop.bring_in(path.read_bytes())

    assert await exported(shop) == [row for path in FILES for row in rows_of(path.read_bytes())]


async def test_an_export_that_is_imported_elsewhere_makes_the_same_shop(shop: Shop) -> None:
    _ = await shop.create(a_product("Mug", sizes=["S", "L"], vendor="Acme", tags=["a", "b"]))
    _ = await shop.create(a_product("Hat", status="archived", tracked=True, seo_title="Hats"))
    file = (await shop.staff.get(E)).text

    for product in (await shop.staff.get("/catalog/v1/products?status=any")).json()["items"]:
        _ = await shop.staff.delete(f"/catalog/v1/products/{product['id']}")
    report = await shop.bring_in(file.encode())

    assert report["errors"]["items"] == []
    assert rows_of((await shop.staff.get(E)).text) == rows_of(file)


async def test_every_cell_is_kept_whatever_it_holds(shop: Shop) -> None:
    rows = [
        a_row(
            "mug",
            Title=" =SUM(A1) ",
            Vendor="+49 30",
            Tags="b,a , b",
            Published="TRUE",
            Option1_Name="Size",
            Option1_Value="S",
            Variant_Price="009.90",
            Variant_Grams="12.50",
            Variant_Inventory_Qty="-3",
            Variant_Inventory_Policy="Deny",
            Variant_Weight_Unit="kg",
            Image_Src="https://example.com/1.jpg",
            Image_Position="7",
            **{
                "Body (HTML)": "<p onclick='x'>a\r\nb</p><script>evil()</script>",
                "Google Shopping / Gender": "unisex",
                "My own column": "  spaces  ",
            },
        ),
        a_row("mug", Option1_Value="L", Variant_Price="1", Variant_Fulfillment_Service="manual"),
        a_row("hat", Title="Hat", Variant_Price="5"),
        a_row("mug", Image_Src="https://example.com/2.jpg", Image_Alt_Text="@two", Note="x"),
        a_row("mug", Image_Src="not a picture", Variant_Inventory_Policy="deny"),
        a_row("mug", Note="only a note"),
    ]
    file = a_csv(*rows)

    report = await shop.bring_in(file)

    assert {e["effect"] for e in report["errors"]["items"]} == {"value_ignored"}
    assert await exported(shop) == rows_of(file)
    header = (await shop.staff.get(E)).text.splitlines()[0]
    assert header.split(",")[: len(file.splitlines()[0].split(b","))] == (
        file.splitlines()[0].decode().split(",")
    )


async def test_columns_of_one_name_and_of_no_name_are_kept(shop: Shop) -> None:
    file = b"Handle,Title,Variant Price,Tags,,Tags,\nmug,Mug,1,a,x,second,y\n"

    _ = await shop.bring_in(file)

    assert (await shop.staff.get(E)).text.splitlines()[:2] == [
        "Handle,Title,Variant Price,Tags,,Tags,,Variant SKU",
        "mug,Mug,1,a,x,second,y,",
    ]


async def test_what_has_changed_since_is_written_anew_and_nothing_else(shop: Shop) -> None:
    rows = [
        a_first_row("mug", "Mug", Option1_Name="Size", Option1_Value="S", Tags="b,a",
                    Variant_Price="9.90", Variant_Grams="12.50", Published="TRUE"),
        a_row("mug", Option1_Value="L", Variant_Price="11.00", Variant_Taxable="TRUE"),
        a_row("mug", Image_Src="https://example.com/1.jpg", Image_Alt_Text="One"),
    ]  # fmt: skip
    _ = await shop.bring_in(a_csv(*rows))
    page = await shop.get("/products/by-slug/mug")
    address = f"/catalog/v1/products/{page['id']}"
    terms = (await shop.staff.get(f"{address}/terms")).json()["terms"]
    terms["title"] = "Best Mug"
    terms["status"] = "draft"
    terms["variants"][1]["prices"] = [{"price": {"amount": 1250, "currency": "EUR"}}]
    terms["variants"].append({"options": {"Size": "XL"}, "prices": terms["variants"][1]["prices"]})
    terms["media"] = [{"url": "https://example.com/2.jpg"}, *terms["media"]]
    put = await shop.staff.put(f"{address}/terms", json=terms)
    assert put.status_code == 200, put.text

    first, second, picture, new = await exported(shop)

    expected = rows_of(a_csv(*rows))
    assert first == expected[0] | {"Title": "Best Mug", "Published": "false", "Status": "draft"}
    assert second == expected[1] | {"Variant Price": "12.50"}
    assert picture == expected[2] | {"Image Position": "2"}
    assert (new["Handle"], new["Option1 Value"], new["Variant Price"]) == ("mug", "XL", "12.50")
    assert (new["Variant SKU"], new["Image Src"]) == ("MUG-XL", "https://example.com/2.jpg")


async def test_what_is_gone_is_not_exported(shop: Shop) -> None:
    rows = [
        a_first_row("mug", "Mug", Option1_Name="Size", Option1_Value="S",
                    Image_Src="https://example.com/1.jpg"),
        a_row("mug", Option1_Value="L", Variant_Price="11.00"),
        a_first_row("hat", "Hat"),
    ]  # fmt: skip
    _ = await shop.bring_in(a_csv(*rows))
    hat = await shop.get("/products/by-slug/hat")
    mug = await shop.get("/products/by-slug/mug")
    _ = await shop.staff.delete(f"/catalog/v1/products/{hat['id']}")
    _ = await shop.staff.delete(f"/catalog/v1/variants/{mug['variants'][0]['id']}")

    kept = await exported(shop)

    assert [row.get("Option1 Value") for row in kept] == [None, "L"]
    assert (kept[0]["Title"], kept[0]["Image Src"]) == ("Mug", "https://example.com/1.jpg")
    assert "Variant Price" not in kept[0]


async def test_a_product_that_was_never_imported_has_rows_of_its_own(shop: Shop) -> None:
    media = [MediaTerms(url="https://example.com/1.jpg", variants=["BLUE-MUG-L"])]
    made = await shop.create(a_product("Blue Mug", sizes=["S", "L"], media=media, tracked=True))
    assert len(variant_ids(made)) == 2

    first, second = await exported(shop)

    assert first["Title"] == "Blue Mug"
    assert (first["Option1 Name"], first["Option1 Value"]) == ("Size", "S")
    assert first["Image Src"] == second["Variant Image"] == "https://example.com/1.jpg"
    assert (second["Option1 Value"], second["Variant Inventory Tracker"]) == ("L", "shopify")
    assert "Title" not in second


async def test_a_later_file_with_few_columns_loses_no_cell_of_an_earlier_one(shop: Shop) -> None:
    full = a_first_row("mug", Variant_SKU="M-1", **{"My own column": "mine"})
    _ = await shop.bring_in(a_csv(full))

    _ = await shop.bring_in(b"Handle,Variant SKU,Variant Price\nmug,M-1,15.00\n")

    (row,) = await exported(shop)
    assert row == rows_of(a_csv(full))[0] | {"Variant Price": "15.00"}


async def test_formulas_are_given_back_as_they_are_unless_a_guard_is_wanted(shop: Shop) -> None:
    _ = await shop.bring_in(a_csv(a_first_row("mug", "=1+1", Vendor="-x")))

    (plain,) = await exported(shop)
    (guarded,) = await exported(shop, guard="true")

    assert (plain["Title"], plain["Vendor"]) == ("=1+1", "-x")
    assert (guarded["Title"], guarded["Vendor"]) == ("'=1+1", "'-x")


async def test_a_guarded_export_holds_nothing_that_runs_and_is_read_as_the_plain_one(
    shop: Shop,
) -> None:
    cells = [
        "=1+1",
        "+49 30",
        "-x",
        "@me",
        "\t=1",
        "\r\n=2",
        "'=3",
        "''-4",
        "＝5",
        "  =6",
        "'",
        "-7",
    ]
    notes = {f"=Note {n}": cell for n, cell in enumerate(cells)}
    file = a_csv(
        a_row("mug", Title="=cmd|'/c calc'!A1", Variant_Price="1", Vendor="'+x", **notes),
        a_row("mug", Image_Src="https://example.com/1.jpg", Image_Alt_Text="@SUM(1)"),
    )
    _ = await shop.bring_in(file)
    plain = (await shop.staff.get(E)).content

    guarded = (await shop.staff.get(E, params={"guard": "true"})).content
    again = await shop.bring_in(guarded)

    written = list(csv.reader(io.StringIO(guarded.decode(), newline="")))
    runs = [c for row in written for c in row if c.strip()[:1] in tuple("=+-@＝") and c != "-7"]
    assert runs == []
    assert (again["products"]["unchanged"], again["errors"]["items"]) == (1, [])
    assert (await shop.staff.get(E)).content == plain
    assert rows_of(plain) == rows_of(file)


async def test_a_long_export_keeps_the_order_across_its_pieces(shop: Shop) -> None:
    rows = [
        a_row(f"p{n % 300}", Title=f"P {n}" if n < 300 else "", Option1_Name="N",
              Option1_Value=str(n), Variant_Price="1")
        for n in range(900)
    ]  # fmt: skip
    file = a_csv(*rows)
    _ = await shop.bring_in(file)

    assert await exported(shop) == rows_of(file)


async def test_only_staff_may_export(shop: Shop) -> None:
    assert (await shop.guest.get(E)).status_code == 401


async def test_the_sample_catalogue_goes_in_without_a_word(shop: Shop) -> None:
    file = SAMPLE.read_bytes()

    report = await shop.bring_in(file)

    assert (report["error_count"], report["products"]["rejected"]) == (0, 0)
    assert report["products"]["created"] >= 40
    assert report["rows"]["total"] >= 90
    assert report["stock_count"] >= 80
    assert await exported(shop) == rows_of(file)
