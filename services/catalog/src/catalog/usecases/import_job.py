"""What an import carries along: its job, its batches, and the tally that each leaves."""

from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from catalog.model.channel import Channel
from catalog.model.definition import ProductTerms
from catalog.model.product import Product
from catalog.model.product_import import MOST_PROBLEMS, Effect, ImportStatus, ProductImport
from catalog.model.shopify.file_product import FileProduct, Problem
from catalog.model.shopify.grouping import Group
from catalog.store.imports import add_openings, add_problems, import_to_change
from wareflow_events.schemas.catalog import ProductChanged
from wareflow_events.transaction import Transaction

Opening = tuple[UUID, str, int]
"""Variant, SKU and how many units there are."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for all batches of an import."""

    id: UUID
    number: int
    dry_run: bool
    channel: str
    currency: str
    sold_in: str
    """The currency of the channel."""

    @classmethod
    def of(cls, started: ProductImport, channel: Channel) -> Self:
        """The job of a started import."""
        return cls(
            id=started.id,
            number=started.number,
            dry_run=started.dry_run,
            channel=started.channel,
            currency=started.currency,
            sold_in=channel.currency,
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Products of a file, and rows between them that belong to none."""

    groups: list[Group]
    problems: list[Problem]

    @property
    def rows(self) -> int:
        """How many rows of the file this is."""
        return sum(len(group.rows) for group in self.groups) + len(self.problems)


@dataclass(slots=True)
class Entry:
    """A product on its way in."""

    file: FileProduct
    product: Product
    is_new: bool
    terms: ProductTerms | None = None
    event: ProductChanged | None = None


@dataclass(slots=True)
class Tally:
    """What became of a batch."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    problems: list[Problem] = field(default_factory=list[Problem])
    openings: list[Opening] = field(default_factory=list[Opening])


class Cancelled(Exception):  # nothing went wrong
    """Somebody has ended the import; the batch in work is undone."""


async def note(tx: Transaction, job: Job, batch: Batch, tally: Tally) -> None:
    """Write a batch's tally on the row of the import; `Cancelled` if it was."""
    started = await import_to_change(tx.session, job.id)
    if started.status == ImportStatus.CANCELLED:
        raise Cancelled
    problems = sorted(tally.problems, key=lambda problem: problem.line)
    if started.rows_done == 0 and job.currency != job.sold_in:
        problems.insert(0, _foreign_currency(job))
    room = max(0, MOST_PROBLEMS - started.problems)
    await add_problems(tx.session, job.id, problems[:room], after=started.problems)
    openings = [] if job.dry_run else tally.openings
    await add_openings(tx.session, job.id, openings, after=started.openings)
    started.rows_done += batch.rows
    started.created += tally.created
    started.updated += tally.updated
    started.unchanged += tally.unchanged
    started.rejected += tally.rejected
    started.problems += len(problems)
    started.openings += len(openings)
    started.moved_at = tx.now


def _foreign_currency(job: Job) -> Problem:
    reason = (
        f"Prices are taken as {job.currency}, but the channel {job.channel!r} sells in "
        f"{job.sold_in}; change the one or the other"
    )
    return Problem(1, None, reason, Effect.NOTED)
