"""How imports go: progress, problems, and the stock that files speak of."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.product_import import (
    Effect,
    ImportProblem,
    ImportStatus,
    NoSuchImport,
    OpeningStock,
    ProductImport,
)
from catalog.model.values import Whole
from catalog.views.shapes import View
from wareflow_kit.paging import Page, decode_cursor, page

Small = Annotated[int, Field(ge=0, lt=2**31)]

_SHOWN = 100


class ProblemView(View):
    """Something in the file that was not used, or is worth a look."""

    line: int = Field(description="Of the file, the header being line 1")
    column: str | None
    reason: str
    effect: Effect


class OpeningView(View):
    """How many of a tracked variant the file says there are."""

    variant_id: UUID
    sku: str
    quantity: int


class RowCounts(View):
    """How far the file is read."""

    total: int
    done: int


class ProductCounts(View):
    """What became of the products of the file."""

    created: int
    updated: int
    unchanged: int
    rejected: int


class ImportView(View):
    """An import. `errors` are the first of them; the others are at `/errors`."""

    id: UUID
    status: ImportStatus
    failure: str | None
    dry_run: bool
    channel: str
    currency: str
    rows: RowCounts
    products: ProductCounts
    error_count: int
    errors: Page[ProblemView]
    stock_count: int
    started_at: datetime
    moved_at: datetime
    ended_at: datetime | None


async def import_report(session: AsyncSession, import_id: UUID) -> ImportView:
    """How an import stands; `NoSuchImport` if there is none."""
    found = await session.get(ProductImport, import_id, populate_existing=True)
    if found is None:
        raise NoSuchImport
    problems: Page[ProblemView] = Page(items=[])
    if found.problems:
        problems = await import_problems(session, import_id, limit=_SHOWN, after=None)
    return view_of(found, problems)


async def imports(session: AsyncSession, *, limit: int, after: str | None) -> Page[ImportView]:
    """All imports, latest first, without their errors."""
    query = select(ProductImport).order_by(ProductImport.number.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(ProductImport.number < decode_cursor(after, Whole)[0])
    rows = (await session.scalars(query)).all()
    none: Page[ProblemView] = Page(items=[])
    return page(
        rows, limit=limit, render=lambda row: view_of(row, none), key=lambda row: (row.number,)
    )


async def import_problems(
    session: AsyncSession, import_id: UUID, *, limit: int, after: str | None
) -> Page[ProblemView]:
    """What was wrong with the file, in the order it was read."""
    number = decode_cursor(after, Small)[0] if after else 0
    query = (
        select(ImportProblem)
        .where(ImportProblem.import_id == import_id, ImportProblem.number > number)
        .order_by(ImportProblem.number)
        .limit(limit + 1)
    )
    rows = (await session.scalars(query)).all()
    return page(rows, limit=limit, render=_problem, key=lambda row: (row.number,))


async def import_stock(
    session: AsyncSession, import_id: UUID, *, limit: int, after: str | None
) -> Page[OpeningView]:
    """The units that tracked variants open with."""
    number = decode_cursor(after, Small)[0] if after else 0
    query = (
        select(OpeningStock)
        .where(OpeningStock.import_id == import_id, OpeningStock.number > number)
        .order_by(OpeningStock.number)
        .limit(limit + 1)
    )
    rows = (await session.scalars(query)).all()
    return page(rows, limit=limit, render=_opening, key=lambda row: (row.number,))


def _problem(row: ImportProblem) -> ProblemView:
    return ProblemView.model_validate(row, from_attributes=True)


def _opening(row: OpeningStock) -> OpeningView:
    return OpeningView.model_validate(row, from_attributes=True)


def view_of(found: ProductImport, problems: Page[ProblemView]) -> ImportView:
    """An import as staff see it."""
    return ImportView(
        id=found.id,
        status=ImportStatus(found.status),
        failure=found.failure,
        dry_run=found.dry_run,
        channel=found.channel,
        currency=found.currency,
        rows=RowCounts(total=found.rows_total, done=found.rows_done),
        products=ProductCounts(
            created=found.created,
            updated=found.updated,
            unchanged=found.unchanged,
            rejected=found.rejected,
        ),
        error_count=found.problems,
        errors=problems,
        stock_count=found.openings,
        started_at=found.started_at,
        moved_at=found.moved_at,
        ended_at=found.ended_at,
    )
