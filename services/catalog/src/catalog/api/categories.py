"""Categories: the tree for everybody, its upkeep for staff."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from catalog.api.answers import PUBLIC, answer
from catalog.api.editing import Editor
from catalog.model.category import (
    CategoryInUse,
    CategoryLoop,
    CategoryNameTaken,
    CategorySlugTaken,
    CategoryTerms,
    NoSuchCategory,
)
from catalog.model.values import CategoryId, Html, Name, Slug, Terms, Text, shown
from catalog.usecases.define_category import (
    change_category,
    create_category,
    remove_category,
)
from catalog.views.categories import category, tree, view_of
from catalog.views.shapes import CategoryView, View
from wareflow_kit.refusals import PreconditionFailed
from wareflow_kit.web.caching import NOT_MODIFIED, Seen, etag_of
from wareflow_kit.web.deps import Read, Tx
from wareflow_kit.web.idempotency import Once
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/catalog/v1/categories", tags=["categories"])


class Tree(View):
    """Categories, those nearer to the root first, then in the order they are shown."""

    items: list[CategoryView]


class CategoryPatch(Terms):
    """Fields of a category to change; `parent_id` null puts it at the root."""

    model_config = shown({"description": "<p>With and without sleeves.</p>", "position": 1})

    name: Name | None = None
    slug: Slug | None = None
    description: Html | None = None
    parent_id: CategoryId | None = None
    position: int | None = Field(default=None, ge=-1_000_000, le=1_000_000)


@router.get("", response_model=Tree, dependencies=PUBLIC, responses=NOT_MODIFIED)
async def list_categories(
    request: Request,
    session: Read,
    below: Annotated[UUID | None, Query(description="Only what stands directly in this")] = None,
) -> Response:
    """The whole tree in one answer."""
    return answer(request, Tree(items=await tree(session, below=below)))


@router.get(
    "/by-slug/{slug}",
    response_model=CategoryView,
    dependencies=PUBLIC,
    responses=refusals(NoSuchCategory) | NOT_MODIFIED,
)
async def read_category_by_slug(
    request: Request, session: Read, slug: Annotated[Text, Path(max_length=255)]
) -> Response:
    """A category by its address."""
    found = await category(session, slug=slug.lower())
    return answer(request, found, found.id, found.version)


@router.get(
    "/{category_id}",
    response_model=CategoryView,
    dependencies=PUBLIC,
    responses=refusals(NoSuchCategory) | NOT_MODIFIED,
)
async def read_category(request: Request, session: Read, category_id: UUID) -> Response:
    """A category."""
    found = await category(session, category_id=category_id)
    return answer(request, found, found.id, found.version)


@router.post("", status_code=201, responses=refusals(CategorySlugTaken, CategoryNameTaken))
async def post_category(
    terms: CategoryTerms, response: Response, tx: Tx, who: Editor, once: Once
) -> CategoryView:
    """A new category."""

    async def make() -> UUID:
        return (await create_category(tx, terms=terms, who=who)).id

    category_id = await once(tx, make)
    response.headers["Location"] = f"/catalog/v1/categories/{category_id}"
    return await category(tx.session, category_id=category_id)


@router.patch(
    "/{category_id}",
    responses=refusals(
        NoSuchCategory, CategorySlugTaken, CategoryNameTaken, CategoryLoop, PreconditionFailed
    ),
)
async def patch_category(
    category_id: UUID, patch: CategoryPatch, response: Response, tx: Tx, who: Editor, seen: Seen
) -> CategoryView:
    """Change or move a category, with all that stands in it."""
    changed = await change_category(
        tx, category_id=category_id, change=partial(_patched, patch), seen=seen.check, who=who
    )
    response.headers["ETag"] = etag_of(changed.id, changed.version)
    return view_of(changed)


def _patched(patch: CategoryPatch, terms: CategoryTerms) -> CategoryTerms:
    said = {name: getattr(patch, name) for name in patch.model_fields_set}
    fields = {n: value for n, value in said.items() if value is not None or n == "parent_id"}
    return terms.model_copy(update=fields)


@router.delete(
    "/{category_id}",
    status_code=204,
    responses=refusals(NoSuchCategory, CategoryInUse, PreconditionFailed),
)
async def delete_category(category_id: UUID, tx: Tx, who: Editor, seen: Seen) -> None:
    """Remove an empty category."""
    await remove_category(tx, category_id=category_id, seen=seen.check, who=who)
