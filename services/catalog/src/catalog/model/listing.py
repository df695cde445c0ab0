"""What lists are sorted and filtered by: a row per product and channel, derived from the rest."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from catalog.model.base import Base
from wareflow_kit.database import inverted


class Listing(Base):
    """A product in a channel. `price_min` is NULL where it has no price just now.

    `facets` holds what is filtered by equality: `c:<category id>` (with all above it), `t:<tag>`,
    `v:<vendor>`, `p:<product type>`, in lower case. `refresh_at` is when a price begins or ends.
    """

    __tablename__ = "listing"
    __table_args__ = (
        Index(None, "channel", "status", "title_key", "product_id"),
        Index(None, "channel", "status", "newest_at", "product_id"),
        Index(None, "channel", "status", "price_min", "product_id"),
        inverted("facets"),
        Index(None, "refresh_at"),
    )

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("product.id", ondelete="CASCADE"), primary_key=True
    )
    channel: Mapped[str] = mapped_column(
        Text(collation="C"), ForeignKey("channel.id"), primary_key=True
    )
    status: Mapped[str] = mapped_column(Text(collation="C"))
    title_key: Mapped[str] = mapped_column(Text(collation="C"))
    newest_at: Mapped[datetime]
    facets: Mapped[list[str]] = mapped_column(ARRAY(Text(collation="C")))
    currency: Mapped[str | None]
    price_min: Mapped[int | None]
    price_max: Mapped[int | None]
    in_stock: Mapped[bool]
    refresh_at: Mapped[datetime | None]


class Retell(Base):
    """A product to be told anew, because something that it names has changed."""

    __tablename__ = "retell"

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("product.id", ondelete="CASCADE"), primary_key=True
    )
