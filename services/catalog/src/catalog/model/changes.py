"""Small changes of a product: terms in, terms out, each for one part of it."""

from uuid import UUID

from pydantic import Field

from catalog.model.content import NoSuchMedia, NoSuchTranslation
from catalog.model.definition import (
    Kind,
    MediaTerms,
    OptionTerms,
    ProductTerms,
    Status,
    Tags,
    TranslationTerms,
    VariantTerms,
)
from catalog.model.price import PriceTerms
from catalog.model.product import LastVariant, NoSuchVariant
from catalog.model.values import (
    Amount,
    Html,
    Line,
    Metadata,
    Name,
    SeoText,
    Sku,
    Slug,
    Terms,
    Title,
    Url,
    VariantName,
    shown,
)


class ProductPatch(Terms):
    """Fields of a product to change; lists are replaced whole. Null clears what can be empty."""

    model_config = shown({"vendor": "Harbour & Sons", "tags": ["cotton", "summer"]})

    status: Status | None = None
    kind: Kind | None = None
    slug: Slug | None = None
    title: Title | None = None
    description: Html | None = None
    vendor: Line | None = None
    product_type: Line | None = None
    tags: Tags | None = None
    categories: list[Slug] | None = Field(default=None, max_length=50)
    options: list[OptionTerms] | None = Field(default=None, max_length=10)
    variants: list[VariantTerms] | None = Field(default=None, min_length=1, max_length=1000)
    media: list[MediaTerms] | None = Field(default=None, max_length=1000)
    translations: list[TranslationTerms] | None = Field(default=None, max_length=100)
    seo_title: SeoText | None = None
    seo_description: SeoText | None = None
    metadata: Metadata | None = None


class VariantPatch(Terms):
    """Fields of a variant to change. Null clears what can be empty."""

    model_config = shown({"barcode": "4006381333931", "weight_grams": 180})

    sku: Sku | None = None
    barcode: Name | None = None
    options: dict[Name, Name] | None = Field(default=None, max_length=10)
    weight_grams: int | None = Field(default=None, ge=0, le=10**9)
    requires_shipping: bool | None = None
    taxable: bool | None = None
    tax_code: Name | None = None
    tracked: bool | None = None
    backorder: bool | None = None
    cost: Amount | None = None


class MediaPatch(Terms):
    """Fields of a picture to change. `position` counts from 1."""

    model_config = shown({"alt": "Harbour Tee from the front", "position": 1})

    url: Url | None = None
    alt: SeoText | None = None
    width: int | None = Field(default=None, gt=0, le=100_000)
    height: int | None = Field(default=None, gt=0, le=100_000)
    variants: list[VariantName] | None = Field(default=None, max_length=1000)
    position: int | None = Field(default=None, ge=1, le=1000)


_CLEARED_BY_NULL = frozenset(
    {"seo_title", "seo_description", "barcode", "tax_code", "cost", "width", "height"}
)


def _said(patch: Terms) -> dict[str, object]:
    """What a patch says; null says nothing where a field cannot be empty."""
    fields = {name: getattr(patch, name) for name in patch.model_fields_set}
    return {n: v for n, v in fields.items() if v is not None or n in _CLEARED_BY_NULL}


def patched(terms: ProductTerms, *, patch: ProductPatch) -> ProductTerms:
    """A product with other fields."""
    return terms.model_copy(update=_said(patch))


def replaced(_: ProductTerms, *, by: ProductTerms) -> ProductTerms:
    """Another product altogether, under the same id."""
    return by


def with_variant(terms: ProductTerms, *, variant: VariantTerms) -> ProductTerms:
    """A product with one more variant."""
    return terms.model_copy(update={"variants": [*terms.variants, variant]})


def with_patched_variant(
    terms: ProductTerms, *, variant_id: UUID, patch: VariantPatch
) -> ProductTerms:
    """A product with a variant that has other fields; `NoSuchVariant` if it is not there."""
    return _with_variant(terms, variant_id, _said(patch))


def with_prices(terms: ProductTerms, *, variant_id: UUID, prices: list[PriceTerms]) -> ProductTerms:
    """A product with a variant that has these prices from now on."""
    return _with_variant(terms, variant_id, {"prices": prices})


def _with_variant(terms: ProductTerms, variant_id: UUID, fields: dict[str, object]) -> ProductTerms:
    if all(variant.id != variant_id for variant in terms.variants):
        raise NoSuchVariant
    variants = [
        variant.model_copy(update=fields) if variant.id == variant_id else variant
        for variant in terms.variants
    ]
    return terms.model_copy(update={"variants": variants})


def without_variant(terms: ProductTerms, *, variant_id: UUID) -> ProductTerms:
    """A product with one variant less; `LastVariant` if it has no other."""
    left = [variant for variant in terms.variants if variant.id != variant_id]
    if len(left) == len(terms.variants):
        raise NoSuchVariant
    if not left:
        raise LastVariant
    return terms.model_copy(update={"variants": left})


def with_media(terms: ProductTerms, *, media: MediaTerms) -> ProductTerms:
    """A product with one more picture, shown last."""
    return terms.model_copy(update={"media": [*terms.media, media]})


def with_patched_media(terms: ProductTerms, *, media_id: UUID, patch: MediaPatch) -> ProductTerms:
    """A product with a picture that has other fields, or another place."""
    found = [media for media in terms.media if media.id == media_id]
    if not found:
        raise NoSuchMedia
    fields = _said(patch)
    place = fields.pop("position", None)
    changed = found[0].model_copy(update=fields)
    media = [changed if media.id == media_id else media for media in terms.media]
    if isinstance(place, int):
        media.remove(changed)
        media.insert(place - 1, changed)
    return terms.model_copy(update={"media": media})


def without_media(terms: ProductTerms, *, media_id: UUID) -> ProductTerms:
    """A product with one picture less."""
    left = [media for media in terms.media if media.id != media_id]
    if len(left) == len(terms.media):
        raise NoSuchMedia
    return terms.model_copy(update={"media": left})


def with_translation(terms: ProductTerms, *, translation: TranslationTerms) -> ProductTerms:
    """A product with these words in a locale, whatever they were."""
    others = [t for t in terms.translations if t.locale != translation.locale]
    return terms.model_copy(update={"translations": [*others, translation]})


def without_translation(terms: ProductTerms, *, locale: str) -> ProductTerms:
    """A product without words in a locale."""
    left = [t for t in terms.translations if t.locale != locale]
    if len(left) == len(terms.translations):
        raise NoSuchTranslation
    return terms.model_copy(update={"translations": left})
