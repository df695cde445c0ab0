"""Reading products: lists and batches, pages by id and by slug, and search."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from catalog.api.answers import Seer, answer
from catalog.model.channel import NoSuchChannel
from catalog.model.definition import Status
from catalog.model.product import NoSuchProduct
from catalog.model.values import LARGEST_AMOUNT, Line, Name, Sku, Slug, Text
from catalog.views.listings import Filters, Sort, listed
from catalog.views.products import Beholder, By, Named, product_page, product_summaries
from catalog.views.search import found
from catalog.views.shapes import ProductPage, ProductSummary, SearchPage, Shown
from wareflow_kit.paging import Page
from wareflow_kit.refusals import BadRequest, Forbidden
from wareflow_kit.web.caching import NOT_MODIFIED
from wareflow_kit.web.deps import Look
from wareflow_kit.web.paging import After, InvalidCursor, Limit
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/catalog/v1", tags=["products"])

_MOST = 100


class OneKindOfKey(BadRequest):
    """Ask by id, by variant_id or by sku, and do not narrow what you name."""


class NotPublic(Forbidden):
    """Only staff with the scope catalog:read see what is not active."""


class StatusFilter(StrEnum):
    """Which products staff want to see."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"
    ANY = "any"


class Narrowing(BaseModel):
    """What a list is narrowed to; everything together must hold."""

    category: Slug | None = Field(default=None, description="With all that stands below it")
    tag: list[Name] = Field(default_factory=list, max_length=10, description="All of these")
    vendor: Line | None = None
    product_type: Line | None = None
    price_from: int | None = Field(default=None, ge=0, le=LARGEST_AMOUNT, description="Cents")
    price_to: int | None = Field(default=None, ge=0, le=LARGEST_AMOUNT, description="Cents")
    in_stock: bool | None = None
    status: StatusFilter = Field(default=StatusFilter.ACTIVE, description="Others: staff only")


async def filters(narrowing: Annotated[Narrowing, Query()], seer: Seer) -> Filters:
    """What the caller wants to see, as far as the caller may."""
    wanted = narrowing.status
    if wanted is not StatusFilter.ACTIVE and not seer.drafts:
        raise NotPublic
    return Filters(
        channel=seer.channel,
        status=None if wanted is StatusFilter.ANY else Status(wanted.value),
        unsold=seer.drafts,
        category=narrowing.category,
        tags=narrowing.tag,
        vendor=narrowing.vendor,
        product_type=narrowing.product_type,
        price_from=narrowing.price_from,
        price_to=narrowing.price_to,
        in_stock=narrowing.in_stock,
    )


Narrowed = Annotated[Filters, Depends(filters)]


class Keys(BaseModel):
    """Products asked for by name; those that are not there lack in the answer."""

    id: list[UUID] = Field(default_factory=list, max_length=_MOST)
    variant_id: list[UUID] = Field(default_factory=list, max_length=_MOST)
    sku: list[Sku] = Field(default_factory=list, max_length=_MOST)

    def one_kind(self) -> tuple[Named, Sequence[UUID | str]] | None:
        """The kind of key that is used, None for none; `OneKindOfKey` for several."""
        kinds: dict[Named, Sequence[UUID | str]] = {
            "id": self.id,
            "variant_id": self.variant_id,
            "sku": self.sku,
        }
        used: list[tuple[Named, Sequence[UUID | str]]] = [(b, k) for b, k in kinds.items() if k]
        if len(used) > 1:
            raise OneKindOfKey
        return used[0] if used else None


async def keys(keys: Annotated[Keys, Query()]) -> Keys:
    """The keys of a batch read."""
    return keys


@router.get(
    "/products",
    response_model=Page[ProductSummary],
    responses=refusals(OneKindOfKey, NotPublic, NoSuchChannel, InvalidCursor) | NOT_MODIFIED,
)
async def list_products(
    request: Request,
    connection: Look,
    seer: Seer,
    narrowed: Narrowed,
    named: Annotated[Keys, Depends(keys)],
    sort: Sort = Sort.TITLE,
    limit: Limit = 24,
    after: After = None,
) -> Response:
    """Products with prices and availability, by page; or up to 100 that are named.

    Named by `id`, `variant_id` or `sku` (repeat the parameter) all come on one page.
    """
    if (wanted := named.one_kind()) is not None:
        by, chosen = wanted
        items = await product_summaries(connection, by, chosen, seer)
        return answer(request, _several(items, next=None))
    page = await listed(connection, narrowed, sort=sort, limit=limit, after=after)
    items = await product_summaries(connection, "id", page.items, seer)
    return answer(request, _several(items, next=page.next))


@router.get(
    "/search",
    response_model=SearchPage,
    responses=refusals(NotPublic, InvalidCursor) | NOT_MODIFIED,
)
async def search_products(
    request: Request,
    connection: Look,
    seer: Seer,
    narrowed: Narrowed,
    q: Annotated[
        Name, Query(description="Words; the last one may be unfinished", examples=["harbour te"])
    ],
    limit: Limit = 24,
    after: After = None,
) -> Response:
    """Products that match all words, best first; typos are corrected when nothing matches."""
    page, corrected = await found(
        connection, q, narrowed, locale=seer.locale, limit=limit, after=after
    )
    items = await product_summaries(connection, "id", page.items, seer)
    return answer(request, _several(items, next=page.next, corrected=corrected))


def _several(items: Sequence[Shown[ProductSummary]], **more: str | None) -> Shown[SearchPage]:
    return Shown({"items": [item.fields for item in items], **more})


@router.get(
    "/products/by-slug/{slug}",
    response_model=ProductPage,
    responses=refusals(NoSuchProduct) | NOT_MODIFIED,
)
async def read_product_by_slug(
    request: Request,
    connection: Look,
    seer: Seer,
    slug: Annotated[Text, Path(max_length=255, description="Of the shop's words or a translation")],
) -> Response:
    """All that a product's page shows, by its address; the answer has the canonical `slug`."""
    return await _page(request, connection, "slug", slug.lower(), seer)


@router.get(
    "/products/{product_id}",
    response_model=ProductPage,
    responses=refusals(NoSuchProduct) | NOT_MODIFIED,
)
async def read_product(
    request: Request, connection: Look, seer: Seer, product_id: UUID
) -> Response:
    """All that a product's page shows, with price and availability."""
    return await _page(request, connection, "id", product_id, seer)


async def _page(
    request: Request, connection: Look, by: By, key: UUID | str, seer: Beholder
) -> Response:
    return answer(request, await product_page(connection, by, key, seer))
