"""What orders has heard of other services and keeps for itself; derived, so a rebuild refills it.

Each table has one source and says how far it has heard it (`sequence`, the number of the last
event of its key); there are no foreign keys across sources.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from orders.model.base import Base


class ProductCopy(Base):
    """What the variants of a product share."""

    __tablename__ = "product_copy"

    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    version: Mapped[int]
    status: Mapped[str]
    """draft, active, archived or removed."""
    title: Mapped[str]
    channels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Where it is sold; everywhere it has a price when empty."""


class VariantCopy(Base):
    """A sellable form of a product. One that its product has no more is kept, not active."""

    __tablename__ = "variant_copy"
    __table_args__ = (Index(None, "product_id"),)

    variant_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID]
    active: Mapped[bool]
    sku: Mapped[str]
    title: Mapped[str]
    options: Mapped[dict[str, str]]
    image_url: Mapped[str | None]
    taxable: Mapped[bool]
    tax_code: Mapped[str | None]
    weight_grams: Mapped[int]
    requires_shipping: Mapped[bool]
    tracked: Mapped[bool]
    backorder: Mapped[bool]


class PriceCopy(Base):
    """A price of a variant in a channel, while `valid_from <= now < valid_to`."""

    __tablename__ = "price_copy"

    variant_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    """Its place among the variant's prices, as the catalogue lists them."""
    channel: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int]
    compare_at: Mapped[int | None]
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]


class ChannelCopy(Base):
    """The terms of a sales channel."""

    __tablename__ = "channel_copy"

    channel: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    name: Mapped[str]
    currency: Mapped[str]
    locale: Mapped[str]
    countries: Mapped[list[str]] = mapped_column(ARRAY(Text))
    prices_include_tax: Mapped[bool]
    time_zone: Mapped[str]
    active: Mapped[bool]


class StockCopy(Base):
    """How many units of a variant could be promised, when inventory last spoke of it."""

    __tablename__ = "stock_copy"

    variant_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    tracked: Mapped[bool]
    available: Mapped[int]


DERIVED = (ProductCopy, VariantCopy, PriceCopy, ChannelCopy, StockCopy)
"""What a rebuild empties and refills."""
