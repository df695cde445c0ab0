"""What readers get: products as a shop shows them, with price and availability."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from catalog.model.definition import Kind, Status
from wareflow_events.schemas.shapes import Money


class View(BaseModel):
    """The base of all answers."""

    model_config = ConfigDict(frozen=True)


V = TypeVar("V", bound=View)


@dataclass(frozen=True, slots=True)
class Shown(Generic[V]):
    """A view as it leaves: its fields, of which the database has written the nested ones as JSON.

    Nobody takes them apart on the way; a test holds them against the view they stand for.
    """

    fields: Mapping[str, object]


class OptionView(View):
    """What variants differ by, with its values in the order they are shown."""

    name: str
    values: list[str]


class VariantView(View):
    """A variant as it is sold in a channel just now."""

    id: UUID
    sku: str
    title: str = Field(description="Its options' values; empty when there is only one form")
    options: dict[str, str]
    barcode: str | None
    price: Money | None = Field(description="Null when it is not for sale in this channel now")
    compare_at: Money | None = Field(description="A higher price it is shown beside, crossed out")
    in_stock: bool = Field(description="Whether it can be bought now")
    tracked: bool
    available: int | None = Field(description="Units that can be promised; null if not tracked")
    backorder: bool
    weight_grams: int
    requires_shipping: bool
    taxable: bool
    tax_code: str | None
    image_url: str | None


class MediaView(View):
    """A picture."""

    id: UUID
    url: str
    alt: str
    width: int | None
    height: int | None
    variant_ids: list[UUID]


class ProductSummary(View):
    """A product as lists and searches show it."""

    id: UUID
    version: int
    status: Status
    kind: Kind
    slug: str
    locale: str | None = Field(description="Of the words shown; null for the shop's own")
    title: str
    vendor: str
    product_type: str
    tags: list[str]
    options: list[OptionView]
    variants: list[VariantView]
    media: list[MediaView]
    price_min: Money | None
    price_max: Money | None
    in_stock: bool
    published_at: datetime | None
    updated_at: datetime


class Crumb(View):
    """A step on the way to a category."""

    slug: str
    name: str


class ShelfView(View):
    """A category that a product stands in, with the way there from the root."""

    id: UUID
    slug: str
    name: str
    path: list[Crumb]


class Alternate(View):
    """The product's address in another locale."""

    locale: str
    slug: str


class ProductPage(ProductSummary):
    """All that a product's page shows."""

    description: str
    categories: list[ShelfView] = Field(description="The primary one first")
    seo_title: str | None
    seo_description: str | None
    alternates: list[Alternate]
    metadata: dict[str, str]
    created_at: datetime


class SearchPage(View):
    """Products that match, best first; `corrected` is the query that was used instead."""

    items: list[ProductSummary]
    next: str | None = Field(default=None, description="Pass as `after` to read on")
    corrected: str | None = None


class CategoryView(View):
    """A category of the tree."""

    id: UUID
    parent_id: UUID | None
    slug: str
    name: str
    description: str
    position: int
    depth: int
    version: int


class ChannelView(View):
    """A sales channel."""

    id: str
    name: str
    currency: str
    locale: str
    countries: list[str]
    prices_include_tax: bool
    time_zone: str
    active: bool
    version: int


class PriceView(View):
    """A price in its window; one that has ended is history."""

    id: UUID
    channel: str
    price: Money
    compare_at: Money | None
    valid_from: datetime
    valid_to: datetime | None
