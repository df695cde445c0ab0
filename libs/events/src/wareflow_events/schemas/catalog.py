"""What `catalog` tells: products with all their variants and prices, and sales channels."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from wareflow_events.event import Event, Kind, Shape, declare_topic
from wareflow_events.schemas.shapes import CountryCode, Currency, Metadata, Money

PRODUCT = declare_topic("wareflow.catalog.product", key="product_id", kind=Kind.STATE)
CHANNEL = declare_topic("wareflow.catalog.channel", key="channel", kind=Kind.STATE)


class Price(Shape):
    """What a variant costs in a channel while `valid_from <= now < valid_to` (open when unset)."""

    channel: str
    price: Money
    compare_at: Money | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class Variant(Shape):
    """One sellable form of a product; its id never changes, its SKU is a label."""

    variant_id: UUID
    position: int
    sku: str
    barcode: str | None = None
    title: str
    options: dict[str, str] = Field(default_factory=dict)
    weight_grams: int = 0
    requires_shipping: bool = True
    taxable: bool = True
    tax_code: str | None = None
    tracked: bool = True
    backorder: bool = False
    """Whether it may be sold beyond what is on hand ("continue selling")."""
    image_url: str | None = None
    cost: Money | None = None
    prices: list[Price] = Field(default_factory=list[Price])


class Option(Shape):
    """What variants differ by, with its values in the order they are shown."""

    name: str
    values: list[str]


class Media(Shape):
    """A picture of a product; the URL is kept, nothing is downloaded."""

    media_id: UUID
    url: str
    position: int
    alt: str = ""
    width: int | None = None
    height: int | None = None
    variant_ids: list[UUID] = Field(default_factory=list[UUID])


class Translation(Shape):
    """A product's words in another locale, with a slug of its own."""

    locale: str
    slug: str
    title: str
    description: str = ""
    seo_title: str | None = None
    seo_description: str | None = None


class ProductState(Event):
    """The full state of a product; the base of the two facts on its topic."""

    product_id: UUID
    version: int
    status: str
    """draft, active or archived."""
    kind: str = "physical"
    """physical, digital or gift_card."""
    slug: str
    title: str
    description: str = ""
    vendor: str = ""
    product_type: str = ""
    tags: list[str] = Field(default_factory=list)
    categories: list[str] = Field(default_factory=list)
    """Category slugs, the primary one first."""
    channels: list[str] = Field(default_factory=list)
    options: list[Option] = Field(default_factory=list[Option])
    variants: list[Variant]
    media: list[Media] = Field(default_factory=list[Media])
    translations: list[Translation] = Field(default_factory=list[Translation])
    seo_title: str | None = None
    seo_description: str | None = None
    metadata: Metadata = Field(default_factory=dict)
    published_at: datetime | None = None
    updated_at: datetime


class ProductChanged(ProductState, type="wareflow.catalog.product.changed.v1"):
    """A product was created or changed; carries everything, so a consumer needs no other event."""


class ProductRemoved(ProductState, type="wareflow.catalog.product.removed.v1"):
    """A product was taken out of the catalogue for good; carries its last state."""


class ChannelChanged(Event, type="wareflow.catalog.channel.changed.v1"):
    """A sales channel was created or changed; prices, carts and orders follow its terms."""

    channel: str
    name: str
    currency: Currency
    locale: str
    countries: list[CountryCode]
    prices_include_tax: bool
    time_zone: str
    active: bool = True
    version: int
