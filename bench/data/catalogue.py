"""Products in large numbers, as the rows that the catalogue, inventory and orders keep of them."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import product as combinations
from typing import Any
from uuid import UUID

from bench.data import words
from bench.data.ids import BEGIN, made, made_at

CHANNEL, CURRENCY = "default", "EUR"
MAIN_LOCATION = UUID("0197f5a0-0000-7000-8000-000000000001")
"""The location that inventory's first migration makes."""

Row = tuple[Any, ...]
COLUMNS: dict[tuple[str, str], str] = {
    ("catalog", "category"): "id parent_id path slug name description position version updated_at",
    ("catalog", "product"): "id version status kind slug title title_key description vendor"
    " product_type tags metadata published_at created_at updated_at",
    ("catalog", "product_option"): "product_id position name values",
    ("catalog", "variant"): "id product_id position sku option_values option_key weight_grams"
    " requires_shipping taxable tracked backorder",
    ("catalog", "price"): "id variant_id channel currency amount compare_at valid_from",
    ("catalog", "media"): "id product_id position url alt width height variant_ids",
    ("catalog", "product_category"): "product_id category_id position",
    ("catalog", "stock"): "variant_id tracked available on_hand changed_at",
    ("catalog", "event_stream"): "topic key sequence",
    (
        "inventory",
        "stock_item",
    ): "variant_id product_id product_version sku title tracked backorder",
    ("inventory", "stock_level"): "variant_id location_id on_hand reserved backorder_limit",
    ("inventory", "movement"): "variant_id location_id quantity on_hand_after reason document_id"
    " actor at",
    ("inventory", "event_stream"): "topic key sequence",
    ("orders", "product_copy"): "product_id sequence version status title channels",
    ("orders", "variant_copy"): "variant_id product_id active sku title options taxable"
    " weight_grams requires_shipping tracked backorder",
    ("orders", "price_copy"): "variant_id position channel currency amount compare_at",
    ("orders", "stock_copy"): "variant_id sequence tracked available",
}
"""The columns that are filled, by service and table, in an order that foreign keys allow."""


@dataclass
class Rows:
    """Rows by service and table."""

    by_table: dict[tuple[str, str], list[Row]] = field(
        default_factory=lambda: {table: [] for table in COLUMNS}
    )

    def add(self, service: str, table: str, *values: Any) -> None:
        """One row."""
        self.by_table[service, table].append(values)


@dataclass(frozen=True)
class Form:
    """A variant before it has an id: its options' values."""

    options: dict[str, str]

    @property
    def title(self) -> str:
        """As the catalogue would call it."""
        return " / ".join(self.options.values())


def categories() -> Iterator[Row]:
    """Departments, each with a shelf per four nouns; as rows of `category`."""
    number = 0
    for place, name in enumerate(words.DEPARTMENTS):
        root = made("category", number)
        yield _category(root, None, [root], name, place)
        number += 1
        for shelf, noun in enumerate(words.NOUNS[place::8]):
            leaf = made("category", number)
            yield _category(leaf, root, [root, leaf], f"{name} {noun}s", shelf)
            number += 1


def _category(own: UUID, parent: UUID | None, path: list[UUID], name: str, place: int) -> Row:
    slug = name.lower().replace(" ", "-")
    return (own, parent, path, slug, name, f"All {name.lower()}", place, 1, BEGIN)


_LEAVES = [row[0] for row in categories() if row[1] is not None]


def products(numbers: Iterable[int]) -> Rows:
    """Everything about the products of these numbers."""
    rows = Rows()
    for number in numbers:
        _product(rows, number, random.Random(number))
    return rows


_SIZES: Mapping[str, Sequence[str]] = {"Size": words.SIZES}
_OPTIONS: Mapping[int, Mapping[str, Sequence[str]]] = {
    1: {},
    4: _SIZES,
    8: {**_SIZES, "Colour": words.COLOURS[:2]},
}
"""What products with so many variants differ by."""


def variants_of(number: int) -> int:
    """How many variants a product has: one, four or eight."""
    return (1, 4, 8, 4)[number % 4]


def variant_id(number: int, position: int = 1) -> UUID:
    """The id of a product's variant."""
    return made("variant", number * 8 + position)


def _forms(number: int) -> tuple[Mapping[str, Sequence[str]], list[Form]]:
    options = _OPTIONS[variants_of(number)]
    values = combinations(*options.values())
    return options, [Form(dict(zip(options, chosen, strict=True))) for chosen in values]


def _product(rows: Rows, number: int, chance: random.Random) -> None:
    own, title, at = made("product", number), words.title(number), made_at(number)
    slug = title.lower().replace(" ", "-")
    noun, material = title.split()[2], title.split()[1]
    tags = [material.lower(), chance.choice(("new", "sale", "basics", "gift"))]
    rows.add(
        *("catalog", "product", own, 1, "active", "physical", slug, title, title.lower()),
        *(words.description(chance), chance.choice(words.VENDORS), noun, tags),
        *('{"season": "all"}', at, at, at),
    )
    rows.add("catalog", "product_category", own, _LEAVES[number % len(_LEAVES)], 0)
    for place in (1, 2):
        url = f"https://images.example.com/{slug}-{place}.jpg"
        rows.add(
            *("catalog", "media", made("media", number * 2 + place), own, place),
            *(url, f"{title}, view {place}", 1200, 1600, []),
        )
    options, forms = _forms(number)
    for place, (name, values) in enumerate(options.items(), 1):
        rows.add("catalog", "product_option", own, place, name, list(values))
    rows.add("catalog", "event_stream", "wareflow.catalog.product", str(own), 1)
    rows.add("orders", "product_copy", own, 1, 1, "active", title, [])
    amount = chance.randrange(4, 200) * 100 + 99
    compare_at = amount + 1000 if chance.random() < 0.2 else None
    for position, form in enumerate(forms, 1):
        _variant(rows, number, position, form, (amount, compare_at), chance.randrange(5, 200))


def _variant(
    rows: Rows,
    number: int,
    position: int,
    form: Form,
    price: tuple[int, int | None],
    units: int,
) -> None:
    own, product = variant_id(number, position), made("product", number)
    sku = f"P{number}-{position}"
    values = list(form.options.values())
    key = blake2b("\0".join(values).encode(), digest_size=16).digest()
    title = words.title(number)
    rows.add(
        *("catalog", "variant", own, product, position, sku, values, key),
        *(200 + number % 900, True, True, True, False),
    )
    identity = made("price", number * 8 + position)
    rows.add("catalog", "price", identity, own, CHANNEL, CURRENCY, *price, BEGIN)
    rows.add("catalog", "stock", own, *(True, units, units, BEGIN))
    several = variants_of(number) > 1
    rows.add(
        *("inventory", "stock_item", own, product, 1, sku),
        *(f"{title} – {form.title}" if several else title, True, False),
    )
    rows.add("inventory", "stock_level", own, MAIN_LOCATION, units, 0, 0)
    rows.add("inventory", "event_stream", "wareflow.inventory.stock", str(own), 1)
    document = made("opening", number * 8 + position)
    rows.add(
        *("inventory", "movement", own, MAIN_LOCATION, units, units, "opening"),
        *(document, "bench", BEGIN),
    )
    rows.add(
        *("orders", "variant_copy", own, product, True, sku, form.title, _json(form.options)),
        *(True, 200 + number % 900, True, True, False),
    )
    rows.add("orders", "price_copy", own, 1, CHANNEL, CURRENCY, *price)
    rows.add("orders", "stock_copy", own, *(1, True, units))


def _json(options: dict[str, str]) -> str:
    inner = ", ".join(f'"{name}": "{value}"' for name, value in options.items())
    return f"{{{inner}}}"
