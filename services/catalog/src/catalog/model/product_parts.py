"""What a product has several of, each small: options, and places in categories."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.model.base import Base
from catalog.model.category import Category


class Option(Base):
    """What variants differ by, with its values in the order they are shown."""

    __tablename__ = "product_option"

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("product.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str]
    values: Mapped[list[str]] = mapped_column(ARRAY(Text))


class Shelf(Base):
    """That a product stands in a category; the one at position 0 is its primary."""

    __tablename__ = "product_category"
    __table_args__ = (Index(None, "category_id"),)

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("product.id", ondelete="CASCADE"), primary_key=True
    )
    category_id: Mapped[UUID] = mapped_column(ForeignKey("category.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    category: Mapped[Category] = relationship(lazy="raise")
