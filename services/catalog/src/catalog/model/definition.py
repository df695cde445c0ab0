"""What staff and imports say about a product: the whole of it, in one nested shape."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from catalog.model.price import PriceTerms
from catalog.model.values import (
    Amount,
    Html,
    Line,
    Locale,
    MediaId,
    Metadata,
    Name,
    SeoText,
    Sku,
    Slug,
    Terms,
    Title,
    Url,
    VariantId,
    VariantName,
    shown,
)
from wareflow_kit.refusals import Invalid

MOST_VARIANTS = 1000


class InvalidProduct(Invalid):
    """The parts of this product contradict each other."""


class Status(StrEnum):
    """Whether the public sees a product."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class Kind(StrEnum):
    """What is sold: goods, bits, or credit."""

    PHYSICAL = "physical"
    DIGITAL = "digital"
    GIFT_CARD = "gift_card"


class OptionTerms(Terms):
    """What variants differ by; values that no variant has are dropped, missing ones added."""

    name: Name
    values: list[Name] = Field(default_factory=list[Name], max_length=MOST_VARIANTS)


class VariantTerms(Terms):
    """One sellable form. It is known again by its id, else its SKU, else its options."""

    model_config = shown(
        {"options": {"Size": "XL"}, "prices": [{"price": {"amount": 2100, "currency": "EUR"}}]}
    )

    id: VariantId | None = None
    sku: Sku | None = Field(default=None, description="Made from slug and options when missing")
    barcode: Name | None = None
    options: dict[Name, Name] = Field(default_factory=dict[Name, Name], max_length=10)
    weight_grams: int = Field(default=0, ge=0, le=10**9)
    requires_shipping: bool = True
    taxable: bool = True
    tax_code: Name | None = None
    tracked: bool = True
    backorder: bool = False
    cost: Amount | None = None
    prices: list[PriceTerms] | None = Field(
        default=None, max_length=500, description="From now on; missing leaves them as they are"
    )


class MediaTerms(Terms):
    """A picture, known again by its id, else its URL."""

    model_config = shown({"url": "https://example.com/harbour-tee.jpg", "alt": "Harbour Tee"})

    id: MediaId | None = None
    url: Url
    alt: SeoText = ""
    width: int | None = Field(default=None, gt=0, le=100_000)
    height: int | None = Field(default=None, gt=0, le=100_000)
    variants: list[VariantName] = Field(
        default_factory=list[VariantName],
        max_length=MOST_VARIANTS,
        description="Ids or SKUs of what it shows",
    )


class TranslationTerms(Terms):
    """The words of a product in another locale."""

    locale: Locale
    slug: Slug
    title: Title
    description: Html = ""
    seo_title: SeoText | None = None
    seo_description: SeoText | None = None


def _one_variant() -> list[VariantTerms]:
    return [VariantTerms()]


Tags = Annotated[list[Name], Field(max_length=250)]


_EXAMPLE: dict[str, JsonValue] = {
    "status": "active",
    "title": "Harbour Tee",
    "description": "<p>Heavy cotton.</p>",
    "tags": ["cotton"],
    "options": [{"name": "Size", "values": ["S", "M"]}],
    "variants": [
        {"options": {"Size": "S"}, "prices": [{"price": {"amount": 1900, "currency": "EUR"}}]},
        {"options": {"Size": "M"}, "prices": [{"price": {"amount": 1900, "currency": "EUR"}}]},
    ],
}


class ProductTerms(Terms):
    """A product as a whole."""

    model_config = shown(_EXAMPLE)

    status: Status = Status.DRAFT
    kind: Kind = Kind.PHYSICAL
    slug: Slug | None = Field(default=None, description="Made from the title when missing")
    title: Title
    description: Html = ""
    vendor: Line = ""
    product_type: Line = ""
    tags: Tags = Field(default_factory=list[Name])
    categories: list[Slug] = Field(
        default_factory=list[Slug], max_length=50, description="The primary one first"
    )
    options: list[OptionTerms] = Field(default_factory=list[OptionTerms], max_length=10)
    variants: list[VariantTerms] = Field(
        default_factory=_one_variant, min_length=1, max_length=MOST_VARIANTS
    )
    media: list[MediaTerms] = Field(default_factory=list[MediaTerms], max_length=1000)
    translations: list[TranslationTerms] = Field(
        default_factory=list[TranslationTerms], max_length=100
    )
    seo_title: SeoText | None = None
    seo_description: SeoText | None = None
    metadata: Metadata = Field(default_factory=dict)


def option_names(terms: ProductTerms) -> list[str]:
    """The options' names, taken from the first variant when they are not declared."""
    return [o.name for o in terms.options] or list(terms.variants[0].options)


def check(terms: ProductTerms) -> None:
    """Refuse a product whose parts do not fit together; `InvalidProduct` says which."""
    names = option_names(terms)
    _refuse_twice("option", (name.casefold() for name in names))
    _refuse_twice("variant id", (v.id for v in terms.variants if v.id))
    _refuse_twice("SKU", (v.sku for v in terms.variants if v.sku))
    _refuse_twice("locale", (t.locale for t in terms.translations))
    _refuse_twice("picture", (m.url for m in terms.media))
    _refuse_twice("category", terms.categories)
    for variant in terms.variants:
        if variant.options.keys() != set(names):
            raise InvalidProduct(
                f"A variant has the options {list(variant.options)}, the product {names}"
            )
    combinations = (" / ".join(v.options[name] for name in names) for v in terms.variants)
    _refuse_twice("combination of options", combinations)


def _refuse_twice(what: str, found: Iterable[object]) -> None:
    seen: set[object] = set()
    for one in found:
        if one in seen:
            raise InvalidProduct(f"The {what} {str(one)!r} is there twice")
        seen.add(one)
