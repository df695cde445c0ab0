"""Levels: what there is of a variant, where, and how much of it can be promised."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from inventory.api.shapes import Answer, Reader, SkuText
from inventory.model.ids import LocationId, VariantId
from inventory.model.item import UnknownVariant
from inventory.model.stock import VariantStock
from inventory.views.levels import Wanted, levels, stock_of
from wareflow_kit.web.caching import NOT_MODIFIED, label
from wareflow_kit.web.deps import Read
from wareflow_kit.web.paging import After, Limit, Page, decode_cursor, page
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/inventory/v1/levels", tags=["stock"])


class LevelOut(Answer):
    """Units at one location."""

    location_id: UUID
    on_hand: int
    reserved: int = Field(description="Held for orders that have not left yet")
    backorder_limit: int = Field(description="How far reserved may exceed on_hand")


class StockOut(Answer):
    """A variant's stock over all locations."""

    variant_id: UUID
    sku: str = Field(description="Empty until the catalogue has told of the variant")
    title: str
    product_id: UUID | None
    tracked: bool
    backorder: bool
    removed: bool = Field(description="Whether it was taken out of the catalogue")
    available: int | None = Field(
        description="Units that can be promised now, backorders included; null if not tracked"
    )
    on_hand: int
    reserved: int
    levels: list[LevelOut]

    @classmethod
    def of(cls, stock: VariantStock) -> Self:
        """As it is shown."""
        item = stock.item
        return cls(
            variant_id=item.variant_id,
            sku=item.sku,
            title=item.title,
            product_id=item.product_id,
            tracked=item.tracked,
            backorder=item.backorder,
            removed=item.removed,
            available=stock.available if item.tracked else None,
            on_hand=stock.on_hand,
            reserved=stock.reserved,
            levels=[LevelOut.model_validate(shelf) for shelf in stock.shelves],
        )


@router.get("")
async def list_levels(
    session: Read,
    _who: Reader,
    variant_id: Annotated[list[UUID] | None, Query(max_length=100)] = None,
    sku: Annotated[list[SkuText] | None, Query(max_length=100)] = None,
    location_id: UUID | None = None,
    removed: bool | None = None,  # noqa: FBT001  a query parameter
    limit: Limit = 100,
    after: After = None,
) -> Page[StockOut]:
    """Stock by SKU; filters may be combined, `variant_id` and `sku` repeated up to 100 times."""
    wanted = Wanted(
        variant_ids=[VariantId(one) for one in variant_id or ()],
        skus=sku or (),
        location_id=LocationId(location_id) if location_id else None,
        removed=removed,
    )
    found = await levels(
        session,
        wanted,
        after=decode_cursor(after, str, UUID) if after else None,
        limit=limit + 1,
    )
    return page(
        found, limit=limit, render=StockOut.of, key=lambda s: (s.item.sku, s.item.variant_id)
    )


@router.get("/{variant_id}", responses=refusals(UnknownVariant) | NOT_MODIFIED)
async def get_level(
    variant_id: UUID, request: Request, response: Response, session: Read, _who: Reader
) -> StockOut:
    """The stock of a variant."""
    found = StockOut.of(await stock_of(session, VariantId(variant_id)))
    label(request, response, found.model_dump_json())
    return found
