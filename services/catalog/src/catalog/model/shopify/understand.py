"""From the rows of a handle to a product: what each row speaks of, and what it says."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from catalog.model.definition import Status
from catalog.model.product_import import Effect
from catalog.model.shopify import cells
from catalog.model.shopify.columns import LONGEST, MAKES_A_VARIANT, PRODUCT, Layout, Says
from catalog.model.shopify.file_product import (
    DEFAULT_VALUE,
    FileProduct,
    FileVariant,
    Picture,
    RowTrouble,
)
from catalog.model.shopify.reader import Row
from catalog.model.text import quoted
from catalog.model.values import LONGEST_LINE

T = TypeVar("T")


def understand(handle: str, rows: Sequence[Row], layout: Layout, currency: str) -> FileProduct:
    """What a file says about a product; its problems are in it, nothing is raised."""
    return settle(_read(handle, rows, layout, currency), of=len(rows))


def settle(product: FileProduct, *, of: int) -> FileProduct:
    """Understand what is left of a product that had `of` rows, if some had to be left out.

    What a row says that does not go in, an option's name say, must not count for the others.
    """
    while not product.rejected and len(product.rows) < of:
        of = len(product.rows)
        left_out = [p for p in product.problems if p.effect is Effect.ROW_LEFT_OUT]
        product = _read(product.handle, product.rows, product.layout, product.currency)
        product.problems = left_out + product.problems
    return product


def _read(handle: str, rows: Sequence[Row], layout: Layout, currency: str) -> FileProduct:
    product = FileProduct(handle, layout, list(rows), currency)
    for row in rows:
        if row.ailment:
            product.leave_out(row, None, row.ailment)
    if product.rejected:
        return product
    first = product.rows[0]
    try:
        _read_product(product, first)
        _read_options(product)
    except RowTrouble as trouble:
        product.reject(first.line, trouble.column, trouble.reason)
        return product
    _read_variants(product)
    if not product.rejected:
        _read_pictures(product)
        _note_contradictions(product)
    return product


def _take(product: FileProduct, row: Row, says: Says, read: Callable[[str], T]) -> T:
    try:
        return read(product.cell(row, says))
    except cells.Unreadable as error:
        raise RowTrouble(product.layout.columns[says], str(error)) from None


def _text(product: FileProduct, row: Row, says: Says) -> str:
    """What a cell says in words, if these are not too many."""
    text = product.cell(row, says).strip()
    if len(text) > LONGEST.get(says, len(text)):
        column = product.layout.columns[says]
        raise RowTrouble(column, f"The text has more than {LONGEST[says]:,} characters")
    return text


def _read_product(product: FileProduct, row: Row) -> None:
    product.title = _text(product, row, Says.TITLE)
    _ = _text(product, row, Says.DESCRIPTION)
    product.description = product.cell(row, Says.DESCRIPTION)
    product.vendor = _text(product, row, Says.VENDOR)
    product.product_type = _text(product, row, Says.TYPE)
    product.tags = cells.read_tags(product.cell(row, Says.TAGS))
    product.category = cells.read_path(product.cell(row, Says.CATEGORY))
    product.seo_title = _text(product, row, Says.SEO_TITLE) or None
    product.seo_description = _text(product, row, Says.SEO_DESCRIPTION) or None
    product.gift_card = _take(product, row, Says.GIFT_CARD, _no_unless_said)
    product.status = _read_status(product, row)


def _no_unless_said(cell: str) -> bool:
    return cells.read_bool(cell, default=False)


def _yes_unless_said(cell: str) -> bool:
    return cells.read_bool(cell, default=True)


def _read_status(product: FileProduct, row: Row) -> Status:
    """Active only if both columns allow it: one says how far it is, the other if it is shown."""
    shown = _take(product, row, Says.PUBLISHED, _yes_unless_said)
    word = _text(product, row, Says.STATUS).lower()
    if word not in {"", "unlisted", *Status}:
        raise RowTrouble(product.layout.columns[Says.STATUS], f"{quoted(word)} is not a status")
    if word in {"draft", "archived"}:
        return Status(word)
    return Status.ACTIVE if shown and word != "unlisted" else Status.DRAFT


def _read_options(product: FileProduct) -> None:
    """The options: columns with a value in any row, but for the one that says there are none."""
    layout = product.layout
    for slot, column in sorted(layout.option_values.items()):
        values = {v for row in product.rows if (v := row.cells.get(column, "").strip())}
        if not values or (slot == 1 and values == {DEFAULT_VALUE}):
            continue
        name_column = layout.option_names.get(slot, "")
        names = [n for row in product.rows if (n := row.cells.get(name_column, "").strip())]
        if not names:
            raise RowTrouble(column, f"Option {slot} has values but no name")
        if len(names[0]) > LONGEST_LINE:
            raise RowTrouble(name_column, f"The name has more than {LONGEST_LINE} characters")
        for row in product.rows[1:]:
            if (other := row.cells.get(name_column, "").strip() or names[0]) != names[0]:
                product.note(
                    row, name_column, f"{quoted(other)} is called {quoted(names[0])} further up"
                )
        product.options.append((names[0], column))


def _read_variants(product: FileProduct) -> None:
    rows = [row for row in product.rows if _speaks_of_a_variant(product, row)]
    seen: dict[tuple[str | None, ...], Row] = {}
    for row in rows or product.rows[:1]:
        try:
            variant = _read_variant(product, row)
            # Without columns for options it is the SKU that says which variant is meant.
            mark = variant.values if product.layout.option_values else (variant.sku,)
            if (twin := seen.setdefault(mark, row)) is not row:
                raise _is_a_twin(product, variant, twin)
            product.variants.append(variant)
        except RowTrouble as trouble:
            product.leave_out(row, trouble.column, trouble.reason)
        if product.rejected:
            return


def _is_a_twin(product: FileProduct, variant: FileVariant, twin: Row) -> RowTrouble:
    column = product.options[0][1] if product.options else None
    options = " / ".join(variant.values) or DEFAULT_VALUE
    return RowTrouble(column, f"{quoted(options)} is on line {twin.line} already")


def _speaks_of_a_variant(product: FileProduct, row: Row) -> bool:
    values = product.layout.option_values.values()
    return any(row.cells.get(column, "").strip() for column in values) or any(
        product.cell(row, says).strip() for says in MAKES_A_VARIANT
    )


def _read_variant(product: FileProduct, row: Row) -> FileVariant:
    values = tuple(row.cells.get(column, "").strip() for _, column in product.options)
    for (name, column), value in zip(product.options, values, strict=True):
        if not value:
            raise RowTrouble(column, f"The variant has no {name}")
        if len(value) > LONGEST_LINE:
            raise RowTrouble(column, f"The value has more than {LONGEST_LINE} characters")

    def amount(says: Says) -> int | None:
        return _take(product, row, says, lambda cell: cells.read_amount(cell, product.currency))

    return FileVariant(
        row=row,
        values=values,
        sku=_text(product, row, Says.SKU) or None,
        barcode=_text(product, row, Says.BARCODE) or None,
        grams=_take(product, row, Says.GRAMS, cells.read_grams),
        tracked=bool(_text(product, row, Says.TRACKER)),
        quantity=_read_quantity(product, row),
        backorder=_take(product, row, Says.POLICY, cells.read_policy),
        price=amount(Says.PRICE),
        compare_at=amount(Says.COMPARE_AT),
        shipping=_take(product, row, Says.SHIPPING, _yes_unless_said),
        taxable=_take(product, row, Says.TAXABLE, _yes_unless_said),
        tax_code=_text(product, row, Says.TAX_CODE) or None,
        cost=amount(Says.COST),
        image=_read_url(product, row, Says.VARIANT_IMAGE),
    )


def _read_quantity(product: FileProduct, row: Row) -> int | None:
    """Units to open with; what is not a number of units is noted, the variant goes in without."""
    column = product.layout.columns.get(Says.QUANTITY)
    try:
        quantity = cells.read_quantity(product.cell(row, Says.QUANTITY))
    except cells.Unreadable as error:
        product.note(row, column, str(error))
        return None
    if quantity is not None and quantity < 0:
        product.note(row, column, f"{quantity} units cannot be on a shelf; it opens without")
        return None
    return quantity


def _read_url(product: FileProduct, row: Row, says: Says) -> str | None:
    try:
        return cells.read_url(product.cell(row, says))
    except cells.Unreadable as error:
        product.note(row, product.layout.columns[says], str(error))
        return None


def _read_pictures(product: FileProduct) -> None:
    """Pictures by their position, those without one where they stand; each address once."""
    found: dict[str, tuple[int, Picture]] = {}
    for place, row in enumerate(product.rows, start=1):
        url = _read_url(product, row, Says.IMAGE)
        if url is None:
            continue
        product.urls[row.line] = url
        if url in found:
            continue
        picture = Picture(row, url, _read_alt(product, row))
        found[url] = (_read_position(product, row) or place, picture)
    product.pictures = [picture for _, picture in sorted(found.values(), key=lambda pair: pair[0])]


def _read_alt(product: FileProduct, row: Row) -> str:
    try:
        return _text(product, row, Says.IMAGE_ALT)
    except RowTrouble as trouble:
        product.note(row, trouble.column, trouble.reason)
        return ""


def _read_position(product: FileProduct, row: Row) -> int | None:
    try:
        return cells.read_position(product.cell(row, Says.IMAGE_POSITION))
    except cells.Unreadable as error:
        product.note(row, product.layout.columns[Says.IMAGE_POSITION], str(error))
        return None


def _note_contradictions(product: FileProduct) -> None:
    """Later rows that say otherwise about the product: the first row counts."""
    first = product.rows[0]
    for row in product.rows[1:]:
        for says in PRODUCT:
            told = product.cell(row, says).strip()
            if told and told != product.cell(first, says).strip():
                column = product.layout.columns[says]
                product.note(row, column, f"Line {first.line} says otherwise, and counts")
