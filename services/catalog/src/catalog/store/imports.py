"""Imports in progress, and the rows that products came from."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.product import Product
from catalog.model.product_import import (
    KEEP,
    LOST_AFTER,
    ImportProblem,
    ImportStatus,
    NoSuchImport,
    ProductImport,
)
from catalog.model.shopify.file_product import Problem
from catalog.model.source import Origin, SourceColumn, SourceRow
from catalog.model.variant import Variant


async def plan_for_each(session: AsyncSession) -> None:
    """Have this transaction's statements planned anew each time.

    In an import tables grow from nothing to a hundred thousand rows; a plan that was made for
    the first hundred would read all of them for each row.
    """
    _ = await session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


async def import_to_change(session: AsyncSession, import_id: UUID) -> ProductImport:
    """The import, locked; `NoSuchImport` if there is none."""
    query = select(ProductImport).where(ProductImport.id == import_id).with_for_update()
    found = (await session.scalars(query)).one_or_none()
    if found is None:
        raise NoSuchImport
    return found


async def forget_old_imports(session: AsyncSession, *, now: datetime) -> None:
    """Delete reports that nobody needs any more; what was imported stays."""
    old = ProductImport.ended_at < now - KEEP
    _ = await session.execute(delete(ProductImport).where(old))


async def fail_lost_imports(session: AsyncSession, *, now: datetime) -> None:
    """End imports whose process is gone: they have not moved for a while."""
    statement = (
        update(ProductImport)
        .where(ProductImport.status == ImportStatus.RUNNING)
        .where(ProductImport.moved_at < now - LOST_AFTER)
        .values(
            status=ImportStatus.FAILED,
            failure="The process that ran it has ended; import the file again",
            ended_at=now,
        )
    )
    _ = await session.execute(statement)


async def add_problems(
    session: AsyncSession, import_id: UUID, problems: Sequence[Problem], *, after: int
) -> None:
    """Keep what was wrong, numbered on from `after`."""
    rows = [
        {
            "import_id": import_id,
            "number": number,
            "line": problem.line,
            "column": problem.column,
            "reason": problem.reason,
            "effect": problem.effect.value,
        }
        for number, problem in enumerate(problems, start=after + 1)
    ]
    if rows:
        _ = await session.execute(insert(ImportProblem), rows)


_KEEP_OPENINGS = text(
    """
INSERT INTO opening_stock (import_id, number, variant_id, sku, quantity)
SELECT CAST(:import_id AS uuid), :after + number, variant_id, sku, quantity
FROM unnest(CAST(:variants AS uuid[]), CAST(:skus AS text[]), CAST(:quantities AS int8[]))
    WITH ORDINALITY AS n (variant_id, sku, quantity, number)
"""
)


async def add_openings(
    session: AsyncSession,
    import_id: UUID,
    openings: Sequence[tuple[UUID, str, int]],
    *,
    after: int,
) -> None:
    """Keep the stock that the file speaks of, numbered on from `after`."""
    if not openings:
        return
    variants, skus, quantities = zip(*openings, strict=True)
    _ = await session.execute(
        _KEEP_OPENINGS,
        {
            "import_id": import_id,
            "after": after,
            "variants": list(variants),
            "skus": list(skus),
            "quantities": list(quantities),
        },
    )


async def learn_columns(session: AsyncSession, columns: Sequence[str]) -> None:
    """Remember the columns of a file, new ones after those known."""
    known = set(await session.scalars(select(SourceColumn.key)))
    new = [{"key": column} for column in columns if column not in known]
    for column in new:  # one by one: their order is the order of the file
        _ = await session.execute(upsert(SourceColumn).values(column).on_conflict_do_nothing())


async def sources_of(
    session: AsyncSession, product_ids: Collection[UUID]
) -> dict[UUID, list[SourceRow]]:
    """The rows that products came from, in order."""
    query = select(SourceRow).where(SourceRow.product_id.in_(product_ids))
    rows = await session.scalars(query.order_by(SourceRow.product_id, SourceRow.ordinal))
    found: dict[UUID, list[SourceRow]] = {}
    for row in rows:
        found.setdefault(row.product_id, []).append(row)
    return found


async def sources_as_imported(
    session: AsyncSession, handles: Collection[str]
) -> dict[str, list[SourceRow]]:
    """By handle, the rows of products that are still what these rows said."""
    query = (
        select(Product.handle, SourceRow)
        .join(SourceRow, SourceRow.product_id == Product.id)
        .where(Product.handle.in_(handles), Product.version == Product.imported_version)
        .order_by(SourceRow.product_id, SourceRow.ordinal)
    )
    found: dict[str, list[SourceRow]] = {}
    for handle, row in await session.execute(query):
        found.setdefault(handle or "", []).append(row)
    return found


async def names_of_variants(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, str]:
    """The SKUs of variants."""
    query = select(Variant.id, Variant.sku).where(Variant.id.in_(ids))
    return dict((await session.execute(query)).all()) if ids else {}


_KEEP_SOURCES = text(
    """
INSERT INTO source_row (product_id, ordinal, import_number, line, channel, currency,
                        variant_id, media_id, cells)
SELECT product_id, ordinal, import_number, line, channel, currency, variant_id, media_id,
       CAST(cells AS jsonb)
FROM unnest(CAST(:products AS uuid[]), CAST(:ordinals AS int[]), CAST(:numbers AS int8[]),
    CAST(:lines AS int[]), CAST(:channels AS text[]), CAST(:currencies AS text[]),
    CAST(:variants AS uuid[]), CAST(:media AS uuid[]), CAST(:cells AS text[]))
    AS n (product_id, ordinal, import_number, line, channel, currency, variant_id, media_id, cells)
"""
)


async def replace_sources(
    session: AsyncSession, product_ids: Collection[UUID], rows: Sequence[Origin]
) -> None:
    """Give products other source rows."""
    if not product_ids:
        return
    gone = delete(SourceRow).where(SourceRow.product_id.in_(product_ids))
    _ = await session.execute(gone, execution_options={"synchronize_session": False})
    _ = await session.execute(
        _KEEP_SOURCES,
        {
            "products": [row.product_id for row in rows],
            "ordinals": [row.ordinal for row in rows],
            "numbers": [row.import_number for row in rows],
            "lines": [row.line for row in rows],
            "channels": [row.channel for row in rows],
            "currencies": [row.currency for row in rows],
            "variants": [row.variant_id for row in rows],
            "media": [row.media_id for row in rows],
            "cells": [orjson.dumps(row.cells).decode() for row in rows],
        },
    )
