"""From a file's product to the terms of ours: what the file says, over what is there already.

A column that the file lacks leaves things as they are, and so does a blank title, SKU, price or
category. Variants and pictures that the file does not name stay.
"""

from collections.abc import Iterable, Sequence

from catalog.model.definition import (
    MediaTerms,
    OptionTerms,
    ProductTerms,
    VariantTerms,
)
from catalog.model.price import PriceTerms, ordinary_price
from catalog.model.shopify.columns import Says
from catalog.model.shopify.file_product import FileProduct, FileVariant
from catalog.model.values import Amount
from catalog.model.variant import made_sku


class Unmergeable(ValueError):
    """The file does not say enough of a product that is not there yet."""


def merge(
    product: FileProduct,
    base: ProductTerms | None,
    *,
    channel: str,
    category: str | None,
) -> ProductTerms:
    """The terms of a product as the file wants it; `category` is the slug of its category.

    `pydantic.ValidationError` for values that we do not take, `Unmergeable` without a title.
    """
    if base is None and not product.title:
        raise Unmergeable("The title is missing")
    variants = _Variants(product, base, channel).merged()
    fields = _fields(product, base)
    if base is None:
        fields["slug"] = product.handle
    if category is not None:
        others = [slug for slug in (base.categories if base else []) if slug != category]
        fields["categories"] = [category, *others]
    if product.layout.option_values or base is None:
        fields["options"] = _options(product, base)
    fields["variants"] = variants
    fields["media"] = _media(product, base, variants)
    old = {name: getattr(base, name) for name in ProductTerms.model_fields} if base else {}
    return ProductTerms.model_validate({**old, **fields})


def _fields(product: FileProduct, base: ProductTerms | None) -> dict[str, object]:
    layout = product.layout
    said: dict[str, tuple[object, bool]] = {
        "title": (product.title, bool(product.title)),
        "description": (product.description, layout.has(Says.DESCRIPTION)),
        "vendor": (product.vendor, layout.has(Says.VENDOR)),
        "product_type": (product.product_type, layout.has(Says.TYPE)),
        "tags": (product.tags, layout.has(Says.TAGS)),
        "status": (product.status, layout.has(Says.STATUS, Says.PUBLISHED)),
        "kind": (product.kind, layout.has(Says.GIFT_CARD, Says.SHIPPING)),
        "seo_title": (product.seo_title, layout.has(Says.SEO_TITLE)),
        "seo_description": (product.seo_description, layout.has(Says.SEO_DESCRIPTION)),
    }
    return {name: value for name, (value, stated) in said.items() if stated or base is None}


def _options(product: FileProduct, base: ProductTerms | None) -> list[OptionTerms]:
    known = {option.name: option.values for option in base.options} if base else {}
    return [OptionTerms(name=name, values=known.get(name, [])) for name in product.option_names]


class _Variants:
    """Lays a file's variants over those there are, known by SKU, else by options."""

    def __init__(self, product: FileProduct, base: ProductTerms | None, channel: str) -> None:
        self._product = product
        self._channel = channel
        self._base = list(base.variants) if base else []
        self._old_names = [option.name for option in base.options] if base else []
        self._by_sku = {variant.sku: variant for variant in self._base}
        self._by_values = {
            tuple(variant.options[name] for name in self._old_names): variant
            for variant in self._base
        }

    def merged(self) -> list[VariantTerms]:
        pairs = self._pairs()
        found = [self._lay(variant, old) for variant, old in pairs]
        met = {old.id for _, old in pairs if old}
        return [*found, *self._left([old for old in self._base if old.id not in met])]

    def _pairs(self) -> list[tuple[FileVariant, VariantTerms | None]]:
        variants = self._product.variants
        by_sku = [self._by_sku.get(v.sku) if v.sku else None for v in variants]
        met = {old.id for old in by_sku if old}
        pairs: list[tuple[FileVariant, VariantTerms | None]] = []
        for variant, old in zip(variants, by_sku, strict=True):
            twin = old or self._by_values.get(variant.values)
            if twin is not None and old is None and twin.id in met:
                twin = None
            pairs.append((variant, twin))
        return pairs

    def _left(self, left: Iterable[VariantTerms]) -> list[VariantTerms]:
        """Those the file does not name; they go where they cannot have the file's options."""
        if not self._product.layout.option_values:
            return list(left)
        names = self._product.option_names
        if len(names) != len(self._old_names):
            return []
        return [
            old.model_copy(update={"options": dict(zip(names, old.options.values(), strict=True))})
            for old in left
        ]

    def _lay(self, variant: FileVariant, old: VariantTerms | None) -> VariantTerms:
        product, layout = self._product, self._product.layout
        cost = variant.cost
        said: dict[str, tuple[object, bool]] = {
            "barcode": (variant.barcode, layout.has(Says.BARCODE)),
            "weight_grams": (variant.grams, layout.has(Says.GRAMS)),
            "requires_shipping": (variant.shipping, layout.has(Says.SHIPPING)),
            "taxable": (variant.taxable, layout.has(Says.TAXABLE)),
            "tax_code": (variant.tax_code, layout.has(Says.TAX_CODE)),
            "tracked": (variant.tracked, layout.has(Says.TRACKER)),
            "backorder": (variant.backorder, layout.has(Says.POLICY)),
            "cost": (self._amount(cost), layout.has(Says.COST)),
        }
        fields = {name: value for name, (value, stated) in said.items() if stated or old is None}
        fields["sku"] = variant.sku or (old and old.sku) or made_sku(product.handle, variant.values)
        if layout.option_values or old is None:
            fields["options"] = dict(zip(product.option_names, variant.values, strict=True))
        if (prices := self._prices(variant, old)) is not None:
            fields["prices"] = prices
        kept = {name: getattr(old, name) for name in VariantTerms.model_fields} if old else {}
        return VariantTerms.model_validate({**kept, **fields})

    def _amount(self, amount: int | None) -> Amount | None:
        return None if amount is None else Amount(amount=amount, currency=self._product.currency)

    def _prices(self, variant: FileVariant, old: VariantTerms | None) -> list[PriceTerms] | None:
        """The file's price as the ordinary one of this channel and currency; sales stay upon it.

        None where there is no price, neither in the file nor here.
        """
        known = list(old.prices or []) if old else []
        mine = (self._channel, self._product.currency)
        same = [p for p in known if (p.channel, p.price.currency) == mine]
        ordinary = ordinary_price(same)
        price = self._amount(variant.price) or (ordinary and ordinary.price)
        if price is None:
            return None
        compare_at = self._amount(variant.compare_at)
        if not self._product.layout.has(Says.COMPARE_AT) and ordinary:
            compare_at = ordinary.compare_at
        if ordinary and (ordinary.price, ordinary.compare_at) == (price, compare_at):
            return known
        told = PriceTerms(channel=self._channel, price=price, compare_at=compare_at)
        sales = [p for p in same if p.valid_to and p.price != (ordinary and ordinary.price)]
        return [*(p for p in known if p not in same), told, *sales]


def _media(
    product: FileProduct, base: ProductTerms | None, variants: Sequence[VariantTerms]
) -> list[MediaTerms]:
    """The file's pictures in their order, then those only we have; and what they show."""
    shows = _shown(product, variants)
    known = {media.url: media for media in base.media} if base else {}
    has_alt = product.layout.has(Says.IMAGE_ALT)
    merged: dict[str, MediaTerms] = {}
    for url, alt in [(p.url, p.alt) for p in product.pictures] + [(url, "") for url in shows]:
        old = known.get(url)
        told = {"alt": alt} if has_alt or old is None else {}
        if url not in merged:
            kept = old.model_dump() if old else {"url": url}
            merged[url] = MediaTerms.model_validate({**kept, **told})
    merged |= {url: media for url, media in known.items() if url not in merged}
    if not product.layout.has(Says.VARIANT_IMAGE):
        return list(merged.values())
    left = {str(variant.id) for variant in variants[len(product.variants) :]}
    return [
        media.model_copy(
            update={"variants": [*shows.get(url, []), *(v for v in media.variants if v in left)]}
        )
        for url, media in merged.items()
    ]


def _shown(product: FileProduct, variants: Iterable[VariantTerms]) -> dict[str, list[str]]:
    """The SKUs of the variants that each picture shows, by the file."""
    shows: dict[str, list[str]] = {}
    for variant, terms in zip(product.variants, variants, strict=False):
        if variant.image and terms.sku:
            shows.setdefault(variant.image, []).append(terms.sku)
    return shows
