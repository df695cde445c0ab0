"""Create, change and remove categories, and keep the tree a tree."""

from collections.abc import Callable
from uuid import UUID

from catalog.model.category import (
    Category,
    CategoryInUse,
    CategorySlugTaken,
    CategoryTerms,
)
from catalog.model.completing import UnusableTitle
from catalog.model.text import slugify
from catalog.store import categories
from catalog.store.listings import soil_listings_below
from catalog.usecases.define_product import Check
from wareflow_events.transaction import Transaction
from wareflow_kit.audit import record
from wareflow_kit.auth import Principal


async def create_category(tx: Transaction, *, terms: CategoryTerms, who: Principal) -> Category:
    """A new category; `CategorySlugTaken`, `UnknownCategory` (its parent) refuse it."""
    await categories.lock_tree(tx.session)
    category = Category(id=tx.new_id(), version=0)
    await _become(tx, category, terms)
    tx.session.add(category)
    await categories.flush(tx.session)
    await _note(tx, who, "category.create", category, None)
    return category


async def change_category(
    tx: Transaction,
    *,
    category_id: UUID,
    change: Callable[[CategoryTerms], CategoryTerms],
    seen: Check,
    who: Principal,
) -> Category:
    """Make it what `change` makes of its terms.

    Its products are told anew when its slug changes, and listed anew when it moves.
    """
    await categories.lock_tree(tx.session)
    category = await categories.category_to_change(tx.session, category_id)
    seen(category.id, category.version)
    before, path = category.terms, list(category.path)
    await _become(tx, category, change(before))
    if category.terms == before:
        return category
    await categories.flush(tx.session)
    if category.slug != before.slug:
        await categories.retell_later(tx.session, category)
    if category.path != path:
        await soil_listings_below(tx.session, category, now=tx.now)
    await _note(tx, who, "category.change", category, before)
    return category


async def remove_category(
    tx: Transaction, *, category_id: UUID, seen: Check, who: Principal
) -> None:
    """Delete an empty category; `CategoryInUse` if anything stands in it."""
    await categories.lock_tree(tx.session)
    category = await categories.category_to_change(tx.session, category_id)
    seen(category.id, category.version)
    if await categories.is_in_use(tx.session, category_id):
        raise CategoryInUse
    await _note(tx, who, "category.remove", category, category.terms)
    await categories.forget(tx.session, category)


async def _become(tx: Transaction, category: Category, terms: CategoryTerms) -> None:
    slug = terms.slug or slugify(terms.name)
    if not slug:
        raise UnusableTitle
    if await categories.slug_is_taken(tx.session, slug, by_other_than=category.id):
        raise CategorySlugTaken(f"Another category has the slug {slug!r}", slug=slug)
    parent = await categories.parent_of(tx.session, terms.parent_id)
    if not category.version or category.parent_id != terms.parent_id:
        below = await categories.below(tx.session, category) if category.version else ()
        category.place(parent, below=below)
    before = category.terms if category.version else None
    category.name, category.slug = terms.name, slug
    category.description, category.position = terms.description, terms.position
    if category.terms != before:
        category.version += 1
        category.updated_at = tx.now


async def _note(
    tx: Transaction, who: Principal, action: str, category: Category, before: CategoryTerms | None
) -> None:
    await record(
        tx,
        who=who,
        action=action,
        subject=f"category/{category.id}",
        before=before.model_dump(mode="json") if before else {},
        after={} if action == "category.remove" else category.terms.model_dump(mode="json"),
    )
