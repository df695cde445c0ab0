"""One batch of an import: some products of a file, all in one transaction."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TypeVar

from pydantic import ValidationError

from catalog.model.definition import InvalidProduct
from catalog.model.product import Product
from catalog.model.product_import import Effect
from catalog.model.shopify.columns import Layout, Says
from catalog.model.shopify.file_product import FileProduct
from catalog.model.shopify.grouping import Group
from catalog.model.shopify.merge import Unmergeable, merge
from catalog.model.shopify.understand import understand
from catalog.store.imports import plan_for_each
from catalog.store.products import products_by_handle, slug_owners
from catalog.usecases.import_job import Batch, Entry, Job, Tally, note
from catalog.usecases.import_shelves import Shelves
from catalog.usecases.import_skus import Skus
from catalog.usecases.import_sources import keep_sources
from catalog.usecases.import_unchanged import set_aside_unchanged
from catalog.usecases.tell import tell
from wareflow_events.failpoints import failpoint
from wareflow_events.transaction import Transaction, Transactions

T = TypeVar("T")

_NOT_COMMITTED = failpoint("import.batch_not_committed")


class _DryRun(Exception):
    """Undoes the transaction of a dry run, on purpose."""


class Importer:
    """Applies batches, and knows what the file has said so far."""

    def __init__(self, transactions: Transactions, job: Job, columns: Sequence[str]) -> None:
        self._transactions = transactions
        self._job = job
        self._columns = frozenset(columns)
        self._layout = Layout(columns)
        self._skus = Skus(self._layout)

    async def apply(self, batch: Batch) -> None:
        """Bring a batch in and note how it went; of a dry run only the note stays.

        A refusal means that a rival took a label of one of these products meanwhile.
        """
        tally = Tally(problems=list(batch.problems))
        try:
            async with self._transactions.begin() as tx:
                await self._bring_in(tx, batch, tally)
                if self._job.dry_run:
                    raise _DryRun
                await note(tx, self._job, batch, tally)
                _NOT_COMMITTED.reach(self._job.id)
        except _DryRun:
            async with self._transactions.begin() as tx:
                await note(tx, self._job, batch, tally)

    async def refuse(self, batch: Batch, reason: str) -> None:
        """Note that none of a batch can go in."""
        tally = Tally(problems=list(batch.problems))
        for group in batch.groups:
            file = self._understand(group)
            file.reject(group.rows[0].line, None, reason)
            tally.problems += file.problems
            tally.rejected += 1
        async with self._transactions.begin() as tx:
            await note(tx, self._job, batch, tally)

    def _understand(self, group: Group) -> FileProduct:
        return understand(group.handle, group.rows, self._layout, self._job.currency)

    async def _bring_in(self, tx: Transaction, batch: Batch, tally: Tally) -> None:
        await plan_for_each(tx.session)
        files = [self._understand(group) async for group in _gently(batch.groups)]
        files = await set_aside_unchanged(tx, self._job, files, tally)
        if not files:
            return
        hopeless = [file for file in files if file.rejected]
        entries = await self._open(tx, [file for file in files if not file.rejected])
        await self._skus.settle(tx.session, entries)
        paths = dict.fromkeys(e.file.category for e in entries if e.file.category)
        shelves = await Shelves.load(tx, paths)
        async for entry in _gently(entries):
            if not entry.file.rejected:
                self._merge(tx, entry, shelves)
        await self._skus.settle_made(tx.session, entries)
        await shelves.flush()
        accepted = [entry for entry in entries if not entry.file.rejected]
        async for entry in _gently(accepted):
            self._define(tx, entry, shelves)
        await tell(tx, [(e.product, e.event) for e in accepted if e.event])
        await keep_sources(
            tx,
            [(entry.file, entry.product) for entry in accepted],
            number=self._job.number,
            channel=self._job.channel,
            columns=self._columns,
        )
        self._count([*hopeless, *(entry.file for entry in entries)], accepted, tally)

    async def _open(self, tx: Transaction, files: Sequence[FileProduct]) -> list[Entry]:
        known = await products_by_handle(tx.session, [f.handle for f in files], now=tx.now)
        new = [file.handle for file in files if file.handle not in known]
        owners = await slug_owners(tx.session, new) if new else {}
        entries: list[Entry] = []
        for file in files:
            if file.handle in owners:
                reason = f"Another product has the slug {file.handle!r}"
                file.reject(file.rows[0].line, self._layout.columns[Says.HANDLE], reason)
            product = known.get(file.handle) or Product.blank(id=tx.new_id(), now=tx.now)
            entries.append(Entry(file, product, is_new=file.handle not in known))
        return entries

    def _merge(self, tx: Transaction, entry: Entry, shelves: Shelves) -> None:
        file, first = entry.file, entry.file.rows[0]
        category = shelves.slug_of(file.category) if file.category else None
        base = None if entry.is_new else entry.product.terms(now=tx.now)
        try:
            terms = merge(file, base, channel=self._job.channel, category=category)
            entry.terms = entry.product.complete(terms)
        except ValidationError as error:
            wrong = error.errors()[0]
            place = ".".join(map(str, wrong["loc"]))
            file.reject(first.line, None, f"{place}: {wrong['msg']}")
        except (Unmergeable, InvalidProduct) as error:
            file.reject(first.line, None, str(error))

    def _define(self, tx: Transaction, entry: Entry, shelves: Shelves) -> None:
        product = entry.product
        assert entry.terms is not None
        entry.event = product.define(
            entry.terms,
            categories=[shelves.by_slug[slug] for slug in entry.terms.categories],
            now=tx.now,
            new_id=tx.new_id,
        )
        product.handle, product.imported_version = entry.file.handle, product.version
        if entry.is_new:
            tx.session.add(product)

    def _count(self, files: Sequence[FileProduct], accepted: Sequence[Entry], tally: Tally) -> None:
        tally.rejected += sum(file.rejected for file in files)
        for entry in accepted:
            tally.created += entry.is_new
            tally.updated += entry.event is not None and not entry.is_new
            tally.unchanged += entry.event is None
            for variant, row in zip(entry.file.variants, entry.product.variants, strict=False):
                if row.tracked and variant.quantity:
                    tally.openings.append((row.id, row.sku, variant.quantity))
                if not row.prices:
                    reason = "The variant has no price, so it is not for sale"
                    column = self._layout.columns.get(Says.PRICE)
                    entry.file.note(variant.row, column, reason, Effect.NOTED)
        for file in files:
            tally.problems += file.problems


async def _gently(items: Iterable[T]) -> AsyncIterator[T]:
    """One by one, letting others work in between: this process answers requests as well."""
    for place, item in enumerate(items):
        if place % 10 == 9:
            await asyncio.sleep(0)
        yield item
