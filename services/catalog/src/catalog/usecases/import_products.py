"""Import a product CSV in Shopify's layout, a hundred products to a transaction.

What one transaction has done stays done; importing the same file again changes nothing, so an
import that was cut off is simply started again.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from catalog.model.product_import import ImportStatus, ProductImport
from catalog.model.shopify.file_product import Problem
from catalog.model.shopify.grouping import Group, Survey, groups, survey
from catalog.model.values import DEFAULT_CHANNEL, ImportId
from catalog.store.channels import channel_of
from catalog.store.imports import import_to_change, learn_columns
from catalog.usecases.import_batch import Importer
from catalog.usecases.import_job import Batch, Cancelled, Job
from wareflow_events.failpoints import failpoint
from wareflow_events.faults import backoff, is_transient
from wareflow_events.transaction import Transaction, Transactions
from wareflow_kit.audit import record
from wareflow_kit.auth import Principal
from wareflow_kit.refusals import Refusal

_PRODUCTS, _ROWS = 100, 1000
_ATTEMPTS = 5
_NOT_FINISHED = failpoint("import.batch_committed")
_NOT_ENDED = failpoint("import.all_in_not_ended")


async def import_products(
    transactions: Transactions,
    *,
    path: Path,
    channel: str = DEFAULT_CHANNEL,
    currency: str | None = None,
    dry_run: bool = False,
) -> ProductImport:
    """Import a file from start to end, in this process; the finished import.

    `UnusableFile` when it cannot be read at all, `NoSuchChannel` for a wrong channel.
    """
    surveyed = await asyncio.to_thread(survey, path)
    async with transactions.begin() as tx:
        started = await start_import(
            tx, surveyed=surveyed, channel=channel, currency=currency, dry_run=dry_run, who=None
        )
    return await run_import(transactions, import_id=started, path=path, surveyed=surveyed)


async def start_import(
    tx: Transaction,
    *,
    surveyed: Survey,
    channel: str,
    currency: str | None,
    dry_run: bool,
    who: Principal | None,
) -> ImportId:
    """The row by which an import is watched; `run_import` does it."""
    terms = await channel_of(tx.session, channel)
    started = ProductImport(
        id=tx.new_id(),
        status=ImportStatus.RUNNING,
        dry_run=dry_run,
        channel=channel,
        currency=currency or terms.currency,
        rows_total=surveyed.rows,
        started_at=tx.now,
        moved_at=tx.now,
    )
    tx.session.add(started)
    if not dry_run:
        await learn_columns(tx.session, surveyed.columns)
    if who is not None:
        subject, after = f"import/{started.id}", {"channel": channel, "rows": surveyed.rows}
        await record(tx, who=who, action="product.import", subject=subject, before={}, after=after)
    return ImportId(started.id)


async def run_import(
    transactions: Transactions, *, import_id: UUID, path: Path, surveyed: Survey
) -> ProductImport:
    """Do a started import; whatever stops it is written on its row."""
    try:
        importer = await _importer(transactions, import_id, surveyed)
        batches = _batches(path, surveyed)
        while batch := await asyncio.to_thread(partial(next, batches, None)):
            await _persist(importer, batch)
            _NOT_FINISHED.reach(import_id)
        _NOT_ENDED.reach(import_id)
    except Cancelled:
        return await _end(transactions, import_id, ImportStatus.CANCELLED, None)
    except BaseException as error:
        _ = await _end(transactions, import_id, ImportStatus.FAILED, _reason(error))
        raise
    return await _end(transactions, import_id, ImportStatus.FINISHED, None)


async def _importer(transactions: Transactions, import_id: UUID, surveyed: Survey) -> Importer:
    async with transactions.begin() as tx:
        started = await import_to_change(tx.session, import_id)
        job = Job.of(started, await channel_of(tx.session, started.channel))
    return Importer(transactions, job, surveyed.columns)


def _reason(error: BaseException) -> str:
    if isinstance(error, Refusal):
        return error.detail
    if isinstance(error, asyncio.CancelledError):
        return "The service was stopped; import the file again"
    return f"{type(error).__name__}; import the file again"


def _batches(path: Path, surveyed: Survey) -> Iterator[Batch]:
    found = groups(path, surveyed)
    while part := list(islice(found, _PRODUCTS)):
        products: list[Group] = []
        problems: list[Problem] = []
        for one in part:
            if isinstance(one, Problem):
                problems.append(one)
                continue
            products.append(one)
            if sum(len(group.rows) for group in products) >= _ROWS:
                yield Batch(products, problems)
                products, problems = [], []
        if products or problems:
            yield Batch(products, problems)


async def _persist(importer: Importer, batch: Batch) -> None:
    """Apply a batch; again when rivals were in the way, product by product if a label was."""
    for attempt in range(_ATTEMPTS):
        try:
            await importer.apply(batch)
        except Refusal:
            break
        except Exception as error:
            in_the_way = is_transient(error) or isinstance(error, IntegrityError)
            if not in_the_way or attempt == _ATTEMPTS - 1:
                raise
            await asyncio.sleep(backoff(attempt))
        else:
            return
    for index, group in enumerate(batch.groups):
        alone = replace(batch, groups=[group], problems=[] if index else batch.problems)
        try:
            await importer.apply(alone)
        except Refusal as refusal:
            await importer.refuse(alone, refusal.detail)


async def _end(
    transactions: Transactions, import_id: UUID, status: ImportStatus, failure: str | None
) -> ProductImport:
    async with transactions.begin() as tx:
        ended = await import_to_change(tx.session, import_id)
        if ended.status == ImportStatus.CANCELLED:
            return ended
        ended.status, ended.failure, ended.ended_at = status.value, failure, tx.now
        return ended
