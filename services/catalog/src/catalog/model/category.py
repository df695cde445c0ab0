"""A category: a shelf of the shop, in a tree."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from pydantic import Field
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from catalog.model.base import Base
from catalog.model.values import CategoryId, Html, Name, Slug, Terms, shown
from wareflow_kit.database import inverted
from wareflow_kit.refusals import Conflict, Invalid, NotFound

DEEPEST = 10
SEPARATOR = ">"
"""Between the names of a path: `Kitchen > Knives`."""


class NoSuchCategory(NotFound):
    """There is no such category."""


class UnknownCategory(Invalid):
    """A category that is named does not exist."""


class CategorySlugTaken(Conflict):
    """Another category has this slug."""


class CategoryNameTaken(Conflict):
    """Its parent has a category of this name already."""


class CategoryInUse(Conflict):
    """Products or further categories stand in it; move them first."""


class CategoryLoop(Invalid):
    """A category cannot stand inside itself."""


class CategoryTooDeep(Invalid):
    """Categories stand at most ten deep."""


class CategoryTerms(Terms):
    """What staff say about a category; without a slug one is made from the name."""

    model_config = shown({"name": "Shirts", "description": "<p>With and without sleeves.</p>"})

    name: Name
    slug: Slug | None = None
    description: Html = ""
    parent_id: CategoryId | None = None
    position: int = Field(default=0, ge=-1_000_000, le=1_000_000)


class Category(Base):
    """A node of the tree; `path` holds its ancestors from the root on, itself last."""

    __tablename__ = "category"
    __table_args__ = (
        CheckConstraint("path[cardinality(path)] = id", name="path_ends_with_itself"),
        Index(
            "category_parent_name_key",
            "parent_id",
            text("lower(name)"),
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        inverted("path"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("category.id"))
    path: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    slug: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    name: Mapped[str]
    description: Mapped[str]
    position: Mapped[int]
    version: Mapped[int]
    updated_at: Mapped[datetime]

    @property
    def terms(self) -> CategoryTerms:
        """What is said about it now."""
        return CategoryTerms.model_construct(
            name=self.name,
            slug=self.slug,
            description=self.description,
            parent_id=CategoryId(self.parent_id) if self.parent_id else None,
            position=self.position,
        )

    def place(self, parent: "Category | None", *, below: Iterable["Category"] = ()) -> None:
        """Put it, with all that stands `below` it, under another category or at the root."""
        if parent is not None and self.id in parent.path:
            raise CategoryLoop
        lead = [*parent.path, self.id] if parent else [self.id]
        cut = len(self.path or ())
        moved = {category: [*lead, *category.path[cut:]] for category in below}
        if max(map(len, [lead, *moved.values()])) > DEEPEST:
            raise CategoryTooDeep
        self.parent_id = parent.id if parent else None
        self.path = lead
        for category, path in moved.items():
            category.path = path
