"""Whatever rows of a product go in come out the same, as long as nothing has changed."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.model.product import Product
from catalog.model.shopify.columns import Layout
from catalog.model.shopify.file_product import FileProduct
from catalog.model.shopify.merge import merge
from catalog.model.shopify.reader import Row
from catalog.model.shopify.sheet import Exporter, Sheet
from catalog.model.shopify.understand import understand
from catalog.testing import HEADER
from catalog.usecases.import_sources import origins_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
COLUMNS = [name for name in HEADER if name != "Product Category"] + ["Option3 Name", "Note"]

some_text = st.text("aä<&> ,;'\"=\n", max_size=6)
CELLS = {
    "Title": some_text,
    "Body (HTML)": st.sampled_from(["", "<p>x</p>", "<b onclick=y>z", "a & b < c"]) | some_text,
    "Vendor": some_text,
    "Tags": st.sampled_from(["", "a", "a, b", " b ,a,,b "]),
    "Published": st.sampled_from(["", "true", "TRUE", "false", "1"]),
    "Status": st.sampled_from(["", "active", "Draft", "archived", "unlisted"]),
    "Gift Card": st.sampled_from(["", "true", "false"]),
    "SEO Title": some_text,
    "Option1 Name": st.sampled_from(["", "Title", "Size"]),
    "Option1 Value": st.sampled_from(["", "Default Title", "S", "L", "XL"]),
    "Option2 Name": st.sampled_from(["", "Color"]),
    "Option2 Value": st.sampled_from(["", "", "Red", "Blue"]),
    "Variant SKU": st.sampled_from(["", "", "A-1", "A-2", "MUG-S"]),
    "Variant Grams": st.sampled_from(["", "0", "12.5", "200"]),
    "Variant Inventory Tracker": st.sampled_from(["", "shopify"]),
    "Variant Inventory Qty": st.sampled_from(["", "3", "-1", "x"]),
    "Variant Inventory Policy": st.sampled_from(["", "deny", "CONTINUE"]),
    "Variant Price": st.sampled_from(["", "9.99", "10", "010.0", "1,5"]),
    "Variant Compare At Price": st.sampled_from(["", "12", "0"]),
    "Variant Requires Shipping": st.sampled_from(["", "true", "FALSE"]),
    "Variant Taxable": st.sampled_from(["", "true", "false"]),
    "Variant Barcode": st.sampled_from(["", "'123"]),
    "Image Src": st.sampled_from(
        ["", "", "https://e.com/1.jpg", "//e.com/2.jpg", "https://e.com/3.jpg", "bad"]
    ),
    "Image Position": st.sampled_from(["", "1", "2", "0", "9"]),
    "Image Alt Text": some_text,
    "Variant Image": st.sampled_from(["", "", "https://e.com/1.jpg", "https://e.com/9.jpg"]),
    "Variant Weight Unit": st.sampled_from(["", "kg"]),
    "Cost per item": st.sampled_from(["", "3.10"]),
    "Note": some_text,
}


@st.composite
def files(draw: st.DrawFn) -> list[Row]:
    """Rows of one handle, on lines with gaps between them."""
    rows: list[Row] = []
    for index in range(draw(st.integers(1, 5))):
        cells = {name: draw(cell) for name, cell in CELLS.items()}
        filled = {"Handle": "mug"} | {name: cell for name, cell in cells.items() if cell}
        rows.append(Row(2 + 3 * index, filled))
    return rows


def brought_in(rows: list[Row]) -> tuple[FileProduct, Product] | None:
    """What a file's rows become; None when they are refused."""
    file = understand("mug", rows, Layout(COLUMNS), "EUR")
    if file.rejected or not file.title:
        return None
    product = Product.blank(id=uuid4(), now=NOW)
    terms = merge(file, None, channel="default", category=None)
    skus = [variant.sku for variant in terms.variants]
    if len(set(skus)) < len(skus):
        return None
    _ = product.define(product.complete(terms), categories=[], now=NOW, new_id=uuid4)
    return file, product


def exported(file: FileProduct, product: Product) -> list[dict[str, str]]:
    """The rows of an export, without empty cells."""
    origins = origins_of(file, product, [], columns=COLUMNS, number=1, channel="default")
    sheet = Sheet(COLUMNS, needed=[], options=0)
    exporter = Exporter(
        sheet, product, origins, path=(), currency="EUR", channel="default", now=NOW
    )
    written = exporter.rows()
    assert set(written) == {origin.ordinal for origin in origins}
    rows = [row for origin in origins for row in written[origin.ordinal]]
    return [
        {name: cell for name, cell in zip(sheet.columns, row, strict=True) if cell} for row in rows
    ]


@settings(max_examples=400, deadline=None)
@given(files())
def test_rows_that_go_in_come_out_cell_by_cell(rows: list[Row]) -> None:
    found = brought_in(rows)
    if found is None:
        return
    file, product = found

    assert exported(file, product) == [row.cells for row in file.rows]
    left_out = {p.line for p in file.problems if p.effect == "row_left_out"}
    assert {row.line for row in rows} - {row.line for row in file.rows} == left_out


@settings(max_examples=200, deadline=None)
@given(files())
def test_rows_that_go_in_again_change_nothing(rows: list[Row]) -> None:
    found = brought_in(rows)
    if found is None:
        return
    file, product = found

    base = product.terms(now=NOW)
    again = merge(file, base, channel="default", category=None)
    event = product.define(product.complete(again), categories=[], now=NOW, new_id=uuid4)

    assert event is None
    assert product.version == 1


@settings(max_examples=100, deadline=None)
@given(files(), st.integers(0, 4))
def test_a_row_that_ails_leaves_the_others_as_they_are(rows: list[Row], which: int) -> None:
    found = brought_in(rows)
    if found is None or which == 0 or which >= len(rows):
        return
    ailing = [replace(r, ailment="ails") if i == which else r for i, r in enumerate(rows)]

    file = understand("mug", ailing, Layout(COLUMNS), "EUR")

    assert rows[which].line not in {row.line for row in file.rows}
    assert any(p.line == rows[which].line and p.reason == "ails" for p in file.problems)
