"""An import: its progress, what was wrong with the file, and the stock it speaks of."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.model.base import Base
from wareflow_kit.refusals import Conflict, Invalid, NotFound

MOST_PROBLEMS = 10_000
"""How many are kept; all are counted."""
KEEP = timedelta(days=30)
"""How long a report is there to be read."""
LOST_AFTER = timedelta(minutes=2)
"""An import that has not moved for so long has lost its process."""


class NoSuchImport(NotFound):
    """There is no such import, or it is too long ago."""


class UnusableFile(Invalid):
    """This is not a product CSV that can be read."""


class ImportEnded(Conflict):
    """The import has ended, so it cannot be cancelled."""


class ImportStatus(StrEnum):
    """How far an import is."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Somebody did not want it any more; what was in by then stays."""


class Effect(StrEnum):
    """What a problem has led to."""

    PRODUCT_LEFT_OUT = "product_left_out"
    ROW_LEFT_OUT = "row_left_out"
    VALUE_IGNORED = "value_ignored"
    NOTED = "noted"


class ProductImport(Base):
    """One file. `rows_done` grows as its batches are committed."""

    __tablename__ = "product_import"
    __table_args__ = (
        CheckConstraint(
            "status IN ('running', 'finished', 'failed', 'cancelled')", name="status_known"
        ),
        CheckConstraint("rows_done <= rows_total", name="done_within_total"),
        CheckConstraint("(status = 'running') = (ended_at IS NULL)", name="ended_when_not_running"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    status: Mapped[str]
    failure: Mapped[str | None]
    dry_run: Mapped[bool]
    channel: Mapped[str]
    currency: Mapped[str]
    rows_total: Mapped[int] = mapped_column(Integer)
    rows_done: Mapped[int] = mapped_column(Integer, default=0)
    created: Mapped[int] = mapped_column(Integer, default=0)
    updated: Mapped[int] = mapped_column(Integer, default=0)
    unchanged: Mapped[int] = mapped_column(Integer, default=0)
    rejected: Mapped[int] = mapped_column(Integer, default=0)
    problems: Mapped[int] = mapped_column(Integer, default=0)
    openings: Mapped[int] = mapped_column(Integer, default=0)
    started_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    def cancel(self, *, now: datetime) -> None:
        """No further batch goes in; twice is once."""
        if self.status == ImportStatus.CANCELLED:
            return
        if self.status != ImportStatus.RUNNING:
            raise ImportEnded(f"The import is {self.status}.")
        self.status, self.ended_at = ImportStatus.CANCELLED.value, now
        self.failure = "Cancelled; import the file again to go on"


class ImportProblem(Base):
    """Something in the file that did not go in, where, why, and what came of it."""

    __tablename__ = "import_problem"

    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("product_import.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    line: Mapped[int] = mapped_column(Integer)
    column: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str]
    effect: Mapped[str]


class OpeningStock(Base):
    """How many of a tracked variant the file says there are."""

    __tablename__ = "opening_stock"

    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("product_import.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    variant_id: Mapped[UUID]
    sku: Mapped[str]
    quantity: Mapped[int]
