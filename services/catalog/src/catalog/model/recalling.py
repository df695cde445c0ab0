"""A product as its own event tells of it: what a restored database has lost comes back from it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from catalog.model.category import Category
from catalog.model.content import Media
from catalog.model.definition import ProductTerms
from catalog.model.product import Product
from catalog.model.variant import Variant
from wareflow_events.schemas.catalog import Media as ToldMedia
from wareflow_events.schemas.catalog import ProductState
from wareflow_events.schemas.catalog import Variant as ToldVariant

_VARIANT = {
    "sku", "barcode", "options", "weight_grams", "requires_shipping", "taxable", "tax_code",
    "tracked", "backorder", "cost", "prices",
}  # fmt: skip
_PRODUCT = {
    "status", "kind", "slug", "title", "description", "vendor", "product_type", "tags",
    "categories", "options", "translations", "seo_title", "seo_description", "metadata",
}  # fmt: skip


def recall(
    product: Product,
    told: ProductState,
    *,
    categories: Sequence[Category],
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Make a product, which may be blank, what was told of it, under the ids that were told."""
    variants = {variant.id for variant in product.variants}
    product.variants += [
        Variant(id=each.variant_id) for each in told.variants if each.variant_id not in variants
    ]
    pictures = {media.id for media in product.media}
    product.media += [
        Media(id=each.media_id) for each in told.media if each.media_id not in pictures
    ]
    terms = terms_of(told)
    _ = product.define(terms, categories=categories, now=now, new_id=new_id)  # it was told before
    product.version = told.version
    product.published_at, product.updated_at = told.published_at, told.updated_at


def terms_of(told: ProductState) -> ProductTerms:
    """What was told of a product, in the shape that it is defined by."""
    skus = {variant.variant_id: variant.sku for variant in told.variants}
    return ProductTerms.model_validate(
        told.model_dump(include=_PRODUCT)
        | {"variants": [_variant(each) for each in told.variants]}
        | {"media": [_media(each, skus) for each in told.media]}
    )


def _variant(told: ToldVariant) -> dict[str, Any]:
    return told.model_dump(include=_VARIANT) | {"id": told.variant_id}


def _media(told: ToldMedia, skus: dict[UUID, str]) -> dict[str, Any]:
    shown = [skus[variant_id] for variant_id in told.variant_ids if variant_id in skus]
    kept = told.model_dump(include={"url", "alt", "width", "height"})
    return kept | {"id": told.media_id, "variants": shown}
