"""Which column says what: the names that Shopify has used for them, and the tables of a layout."""

import re
from collections.abc import Sequence
from enum import StrEnum

from catalog.model.product_import import UnusableFile
from catalog.model.shopify.reader import shown_name
from catalog.model.values import (
    LONGEST_HTML,
    LONGEST_LINE,
    LONGEST_SEO_TEXT,
    LONGEST_SKU,
    LONGEST_TITLE,
)


class Says(StrEnum):
    """What a column can say. Columns that say none of these are kept and not understood."""

    HANDLE = "handle"
    TITLE = "title"
    DESCRIPTION = "description"
    VENDOR = "vendor"
    CATEGORY = "category"
    TYPE = "type"
    TAGS = "tags"
    PUBLISHED = "published"
    STATUS = "status"
    GIFT_CARD = "gift_card"
    SEO_TITLE = "seo_title"
    SEO_DESCRIPTION = "seo_description"
    SKU = "sku"
    GRAMS = "grams"
    TRACKER = "tracker"
    QUANTITY = "quantity"
    POLICY = "policy"
    PRICE = "price"
    COMPARE_AT = "compare_at"
    SHIPPING = "shipping"
    TAXABLE = "taxable"
    BARCODE = "barcode"
    TAX_CODE = "tax_code"
    COST = "cost"
    VARIANT_IMAGE = "variant_image"
    IMAGE = "image"
    IMAGE_POSITION = "image_position"
    IMAGE_ALT = "image_alt"


NAMES: dict[Says, tuple[str, ...]] = {
    Says.HANDLE: ("Handle", "URL handle"),
    Says.TITLE: ("Title",),
    Says.DESCRIPTION: ("Body (HTML)", "Body HTML", "Description"),
    Says.VENDOR: ("Vendor",),
    Says.CATEGORY: ("Product Category",),
    Says.TYPE: ("Type", "Custom Product Type"),
    Says.TAGS: ("Tags",),
    Says.PUBLISHED: ("Published", "Published on online store"),
    Says.STATUS: ("Status",),
    Says.GIFT_CARD: ("Gift Card",),
    Says.SEO_TITLE: ("SEO Title",),
    Says.SEO_DESCRIPTION: ("SEO Description",),
    Says.SKU: ("Variant SKU", "SKU"),
    Says.GRAMS: ("Variant Grams", "Weight value (grams)"),
    Says.TRACKER: ("Variant Inventory Tracker", "Inventory tracker"),
    Says.QUANTITY: ("Variant Inventory Qty", "Inventory quantity"),
    Says.POLICY: ("Variant Inventory Policy", "Continue selling when out of stock"),
    Says.PRICE: ("Variant Price", "Price"),
    Says.COMPARE_AT: ("Variant Compare At Price", "Compare-at price"),
    Says.SHIPPING: ("Variant Requires Shipping", "Requires shipping"),
    Says.TAXABLE: ("Variant Taxable", "Charge tax"),
    Says.BARCODE: ("Variant Barcode", "Barcode"),
    Says.TAX_CODE: ("Variant Tax Code", "Tax code"),
    Says.COST: ("Cost per item",),
    Says.VARIANT_IMAGE: ("Variant Image", "Variant image URL"),
    Says.IMAGE: ("Image Src", "Product image URL"),
    Says.IMAGE_POSITION: ("Image Position",),
    Says.IMAGE_ALT: ("Image Alt Text",),
}
"""The first name is the one an export uses for a column that no import brought."""

PRODUCT = (
    Says.TITLE, Says.DESCRIPTION, Says.VENDOR, Says.CATEGORY, Says.TYPE, Says.TAGS,
    Says.PUBLISHED, Says.STATUS, Says.GIFT_CARD, Says.SEO_TITLE, Says.SEO_DESCRIPTION,
)  # fmt: skip
VARIANT = (
    Says.SKU, Says.GRAMS, Says.TRACKER, Says.QUANTITY, Says.POLICY, Says.PRICE, Says.COMPARE_AT,
    Says.SHIPPING, Says.TAXABLE, Says.BARCODE, Says.TAX_CODE, Says.COST, Says.VARIANT_IMAGE,
)  # fmt: skip
IMAGE = (Says.IMAGE, Says.IMAGE_POSITION, Says.IMAGE_ALT)
MAKES_A_VARIANT = (Says.SKU, Says.PRICE)
"""A row with one of these, or with an option's value, speaks of a variant; others of a picture."""

LONGEST = {
    Says.TITLE: LONGEST_TITLE,
    Says.DESCRIPTION: LONGEST_HTML,
    Says.VENDOR: LONGEST_LINE,
    Says.TYPE: LONGEST_LINE,
    Says.SEO_TITLE: LONGEST_SEO_TEXT,
    Says.SEO_DESCRIPTION: LONGEST_SEO_TEXT,
    Says.SKU: LONGEST_SKU,
    Says.BARCODE: LONGEST_LINE,
    Says.TAX_CODE: LONGEST_LINE,
    Says.IMAGE_ALT: LONGEST_SEO_TEXT,
}
"""How many characters a text may have."""

_OPTION = re.compile(r"option\s*(\d+) (name|value)", re.IGNORECASE)


class Layout:
    """Where in a header each thing is said."""

    def __init__(self, columns: Sequence[str]) -> None:
        by_name: dict[str, str] = {}
        for column in columns:
            _ = by_name.setdefault(shown_name(column).casefold(), column)
        found = {
            says: next((by_name[n.casefold()] for n in names if n.casefold() in by_name), None)
            for says, names in NAMES.items()
        }
        self.columns: dict[Says, str] = {says: c for says, c in found.items() if c is not None}
        self.option_names: dict[int, str] = {}
        self.option_values: dict[int, str] = {}
        for column in columns:
            if (match := _OPTION.fullmatch(column)) is not None:
                part = self.option_names if match[2].lower() == "name" else self.option_values
                _ = part.setdefault(int(match[1]), column)

    def has(self, *says: Says) -> bool:
        """Whether the header has a column for any of these."""
        return any(one in self.columns for one in says)

    def require_products(self) -> None:
        """`UnusableFile` when this is no header of a product CSV."""
        if not self.has(Says.HANDLE):
            raise UnusableFile(
                f"The first line names no column {NAMES[Says.HANDLE][0]!r}; is this a product CSV?",
                line=1,
            )
