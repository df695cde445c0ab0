"""A thing on a shelf."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from wareflow_kit.database import TYPES
from wareflow_kit.refusals import Conflict, NotFound
from wareflow_kit.tables import service_metadata


class Base(DeclarativeBase):
    """The shop's tables."""

    metadata = service_metadata()
    type_annotation_map = TYPES


class NoSuchItem(NotFound):
    """There is no such item."""


class ItemSold(Conflict):
    """The item is sold already."""


class Item(Base):
    """Something to sell, once."""

    __tablename__ = "item"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price_not_negative"),
        UniqueConstraint("name"),
        Index("unsold_items", "created_at", postgresql_where=text("sold_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[int]
    labels: Mapped[dict[str, str]] = mapped_column(server_default=text("'{}'::jsonb"))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    sold_at: Mapped[datetime | None]
