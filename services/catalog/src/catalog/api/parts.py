"""Changing parts of products: variants, prices, pictures, translations."""

from collections.abc import Callable
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends
from starlette.responses import Response

from catalog.api.answers import ProductRecord, record_of
from catalog.api.editing import REFUSED, Editor, Reader
from catalog.model.changes import (
    MediaPatch,
    VariantPatch,
    with_media,
    with_patched_media,
    with_patched_variant,
    with_prices,
    with_translation,
    with_variant,
    without_media,
    without_translation,
    without_variant,
)
from catalog.model.content import NoSuchMedia, NoSuchTranslation, TranslationSlugTaken
from catalog.model.definition import MediaTerms, ProductTerms, TranslationTerms, VariantTerms
from catalog.model.price import PriceTerms
from catalog.model.product import LastVariant, NoSuchVariant
from catalog.model.values import Html, Locale, SeoText, Slug, Terms, Title, shown
from catalog.store.products import product_of_variant
from catalog.usecases.define_product import change_product
from catalog.views.editing import prices_of, terms_of
from catalog.views.shapes import PriceView
from wareflow_kit.paging import Page
from wareflow_kit.web.caching import Seen
from wareflow_kit.web.deps import Read, Tx
from wareflow_kit.web.idempotency import Once
from wareflow_kit.web.paging import After, Limit
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/catalog/v1", tags=["editing"])

_PRICES = [{"price": {"amount": 1900, "currency": "EUR"}}]
Change = Callable[[ProductTerms], ProductTerms]


class Words(Terms):
    """A product's words in the locale of the address."""

    model_config = shown({"slug": "t-shirt-du-port", "title": "T-shirt du port"})

    slug: Slug
    title: Title
    description: Html = ""
    seo_title: SeoText | None = None
    seo_description: SeoText | None = None


class Rewrite:
    """Changes the product of the address and answers with what it is then."""

    def __init__(self, tx: Tx, who: Editor, seen: Seen, response: Response) -> None:
        self._tx = tx
        self._who = who
        self._seen = seen
        self._response = response

    async def __call__(self, product_id: UUID, change: Change) -> ProductRecord:
        """The product as `change` makes it, if its version is the one that was seen."""
        product = await change_product(
            self._tx, product_id=product_id, change=change, seen=self._seen.check, who=self._who
        )
        return record_of(self._response, product, self._tx)

    async def of_variant(self, variant_id: UUID, change: Change) -> ProductRecord:
        """The same for the product that has a variant."""
        return await self(await product_of_variant(self._tx.session, variant_id), change)


async def rewrite(tx: Tx, who: Editor, seen: Seen, response: Response) -> Rewrite:
    """What a change of a part of a product goes through."""
    return Rewrite(tx, who, seen, response)


Rewritten = Annotated[Rewrite, Depends(rewrite)]


@router.post("/products/{product_id}/variants", status_code=201, responses=REFUSED)
async def post_variant(
    product_id: UUID, variant: VariantTerms, tx: Tx, once: Once, rewrite: Rewritten
) -> ProductRecord:
    """A further variant; the answer is the product with it."""

    async def make() -> UUID:
        return (await rewrite(product_id, partial(with_variant, variant=variant))).id

    return await _record(tx, await once(tx, make))


@router.patch("/variants/{variant_id}", responses=REFUSED | refusals(NoSuchVariant))
async def patch_variant(variant_id: UUID, patch: VariantPatch, rewrite: Rewritten) -> ProductRecord:
    """Change some fields of a variant."""
    change = partial(with_patched_variant, variant_id=variant_id, patch=patch)
    return await rewrite.of_variant(variant_id, change)


@router.delete("/variants/{variant_id}", responses=REFUSED | refusals(LastVariant))
async def delete_variant(variant_id: UUID, rewrite: Rewritten) -> ProductRecord:
    """Take a variant out of its product."""
    change = partial(without_variant, variant_id=variant_id)
    return await rewrite.of_variant(variant_id, change)


@router.get("/variants/{variant_id}/prices", responses=refusals(NoSuchVariant))
async def read_prices(
    variant_id: UUID, session: Read, _: Reader, limit: Limit = 50, after: After = None
) -> Page[PriceView]:
    """What a variant costs, did cost and will cost, latest first."""
    return await prices_of(session, variant_id, limit=limit, after=after)


@router.put("/variants/{variant_id}/prices", responses=REFUSED | refusals(NoSuchVariant))
async def put_prices(
    variant_id: UUID,
    prices: Annotated[list[PriceTerms], Body(max_length=500, examples=[_PRICES])],
    rewrite: Rewritten,
) -> ProductRecord:
    """What a variant costs from now on; of windows that overlap the later start counts."""
    change = partial(with_prices, variant_id=variant_id, prices=prices)
    return await rewrite.of_variant(variant_id, change)


@router.post("/products/{product_id}/media", status_code=201, responses=REFUSED)
async def post_media(
    product_id: UUID, media: MediaTerms, tx: Tx, once: Once, rewrite: Rewritten
) -> ProductRecord:
    """A further picture, shown last; the answer is the product with it."""

    async def make() -> UUID:
        return (await rewrite(product_id, partial(with_media, media=media))).id

    return await _record(tx, await once(tx, make))


@router.patch("/products/{product_id}/media/{media_id}", responses=REFUSED | refusals(NoSuchMedia))
async def patch_media(
    product_id: UUID, media_id: UUID, patch: MediaPatch, rewrite: Rewritten
) -> ProductRecord:
    """Change some fields of a picture, or its place."""
    return await rewrite(product_id, partial(with_patched_media, media_id=media_id, patch=patch))


@router.delete("/products/{product_id}/media/{media_id}", responses=REFUSED | refusals(NoSuchMedia))
async def delete_media(product_id: UUID, media_id: UUID, rewrite: Rewritten) -> ProductRecord:
    """Take a picture out of a product."""
    return await rewrite(product_id, partial(without_media, media_id=media_id))


@router.put(
    "/products/{product_id}/translations/{locale}",
    responses=REFUSED | refusals(TranslationSlugTaken),
)
async def put_translation(
    product_id: UUID, locale: Locale, words: Words, rewrite: Rewritten
) -> ProductRecord:
    """A product's words in a locale."""
    translation = TranslationTerms(locale=locale, **words.model_dump())
    return await rewrite(product_id, partial(with_translation, translation=translation))


@router.delete(
    "/products/{product_id}/translations/{locale}",
    responses=REFUSED | refusals(NoSuchTranslation),
)
async def delete_translation(product_id: UUID, locale: Locale, rewrite: Rewritten) -> ProductRecord:
    """Forget a product's words in a locale."""
    return await rewrite(product_id, partial(without_translation, locale=locale))


async def _record(tx: Tx, product_id: UUID) -> ProductRecord:
    version, terms = await terms_of(tx.session, product_id, now=tx.now)
    return ProductRecord(id=product_id, version=version, terms=terms)
