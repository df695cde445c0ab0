"""The tree of categories."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.category import Category, NoSuchCategory
from catalog.views.shapes import CategoryView

_DEPTH = func.cardinality(Category.path)


async def tree(session: AsyncSession, *, below: UUID | None = None) -> list[CategoryView]:
    """All categories, or those that stand directly in one, in the order they are shown."""
    query = select(Category).order_by(_DEPTH, Category.position, Category.name)
    if below is not None:
        query = query.where(Category.parent_id == below)
    return [view_of(category) for category in await session.scalars(query)]


async def category(
    session: AsyncSession, *, category_id: UUID | None = None, slug: str | None = None
) -> CategoryView:
    """The category of this id or slug; `NoSuchCategory` if there is none."""
    mine = Category.id == category_id if category_id else Category.slug == slug
    found = (await session.scalars(select(Category).where(mine))).one_or_none()
    if found is None:
        raise NoSuchCategory
    return view_of(found)


def view_of(category: Category) -> CategoryView:
    """A category as readers get it."""
    return CategoryView(
        id=category.id,
        parent_id=category.parent_id,
        slug=category.slug,
        name=category.name,
        description=category.description,
        position=category.position,
        depth=len(category.path),
        version=category.version,
    )
