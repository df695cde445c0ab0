"""Categories to be changed, and those that products name."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, exists, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.category import Category, CategoryNameTaken, NoSuchCategory, UnknownCategory
from catalog.model.listing import Retell
from catalog.model.product_parts import Shelf


async def lock_tree(session: AsyncSession) -> None:
    """One change of the tree at a time: two that are harmless alone could make a loop."""
    _ = await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('category tree'))"))


async def category_to_change(session: AsyncSession, category_id: UUID) -> Category:
    """The category; `NoSuchCategory` if there is none. Lock the tree before."""
    category = await session.get(Category, category_id)
    if category is None:
        raise NoSuchCategory
    return category


async def parent_of(session: AsyncSession, parent_id: UUID | None) -> Category | None:
    """The category that something shall stand in; `UnknownCategory` if there is none."""
    if parent_id is None:
        return None
    if (parent := await session.get(Category, parent_id)) is None:
        raise UnknownCategory(f"There is no category {parent_id}")
    return parent


async def below(session: AsyncSession, category: Category) -> Sequence[Category]:
    """All that stands in a category, at any depth."""
    query = select(Category).where(Category.path.contains([category.id]))
    return list(await session.scalars(query.where(Category.id != category.id)))


async def named(session: AsyncSession, slugs: Collection[str]) -> dict[str, Category]:
    """Categories by slug; `UnknownCategory` names one that is missing."""
    by_slug = await some(session, slugs)
    if missing := sorted(set(slugs) - by_slug.keys()):
        raise UnknownCategory(f"There is no category {missing[0]!r}", slug=missing[0])
    return by_slug


async def some(session: AsyncSession, slugs: Collection[str]) -> dict[str, Category]:
    """Those of the categories that exist, by slug."""
    if not slugs:
        return {}
    found = await session.scalars(select(Category).where(Category.slug.in_(slugs)))
    return {category.slug: category for category in found}


async def everything(session: AsyncSession) -> list[Category]:
    """The whole tree."""
    return list(await session.scalars(select(Category)))


async def slug_is_taken(session: AsyncSession, slug: str, *, by_other_than: UUID) -> bool:
    """Whether another category has the slug."""
    other = (Category.slug == slug) & (Category.id != by_other_than)
    return bool(await session.scalar(select(exists().where(other))))


async def is_in_use(session: AsyncSession, category_id: UUID) -> bool:
    """Whether products or categories stand in it."""
    shelves = exists().where(Shelf.category_id == category_id)
    children = exists().where(Category.parent_id == category_id)
    return bool(await session.scalar(select(shelves | children)))


async def retell_later(session: AsyncSession, category: Category) -> None:
    """Have all products of a category told anew."""
    products = select(Shelf.product_id).where(Shelf.category_id == category.id)
    statement = upsert(Retell).from_select(["product_id"], products.order_by(Shelf.product_id))
    _ = await session.execute(statement.on_conflict_do_nothing())


async def flush(session: AsyncSession) -> None:
    """Write what was changed; `CategoryNameTaken` when its parent has one of that name."""
    try:
        await session.flush()
    except IntegrityError as error:
        if "category_parent_name_key" in str(error.orig):
            raise CategoryNameTaken from error
        raise


async def forget(session: AsyncSession, category: Category) -> None:
    """Delete an empty category."""
    _ = await session.execute(delete(Category).where(Category.id == category.id))
    session.expunge(category)
