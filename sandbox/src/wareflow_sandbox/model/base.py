"""What every table of the sandbox shares."""

from typing import ClassVar, cast

from sqlalchemy import ForeignKey, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from wareflow_kit.database import TYPES, metadata

Rendered = dict[str, object]
"""An object as Stripe's API shows it, ready for JSON."""

SortedText = Text(collation="C")
"""Ids are made to sort by time, byte by byte; a locale would fold their case."""


def reference(column: str) -> ForeignKey:
    """A foreign key that is checked at the commit, since state is flushed in any order."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


class Base(DeclarativeBase):
    """Mapped classes of the sandbox."""

    metadata = metadata()
    type_annotation_map: ClassVar = {
        **TYPES,
        Rendered: JSONB(none_as_null=True),
    }


class Resource(Base):
    """A row that Stripe's API shows under an id such as `pi_...`."""

    __abstract__ = True

    PREFIX: ClassVar[str]
    OBJECT: ClassVar[str]

    id: Mapped[str] = mapped_column(SortedText, primary_key=True, sort_order=-1)

    def rendered(self) -> Rendered:
        """The object in Stripe's shape."""
        raise NotImplementedError


def as_rendered(value: object) -> Rendered:
    """Tell the type checker that this JSON value is an object."""
    return cast("Rendered", value)
