"""Where products came from: imported rows, cell by cell, for an export without loss."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.model.base import Base


@dataclass(frozen=True, slots=True)
class Origin:
    """A source row as a value."""

    product_id: UUID
    ordinal: int
    import_number: int
    line: int
    channel: str
    currency: str
    variant_id: UUID | None
    media_id: UUID | None
    cells: dict[str, str]

    @property
    def content(self) -> tuple[object, ...]:
        """What it says, wherever it stands."""
        return (self.variant_id, self.media_id, self.channel, self.currency, self.cells)


class SourceRow(Base):
    """A row of an imported file. `cells` has what was not empty, by column.

    `variant_id` and `media_id` say what of the product the row speaks of. `import_number` and
    `line` give its place among all rows ever imported.
    """

    __tablename__ = "source_row"
    __table_args__ = (Index(None, "import_number", "line", unique=True),)

    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("product.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True)
    import_number: Mapped[int]
    line: Mapped[int] = mapped_column(Integer)
    channel: Mapped[str]
    currency: Mapped[str]
    variant_id: Mapped[UUID | None]
    media_id: Mapped[UUID | None]
    cells: Mapped[dict[str, str]]

    @property
    def origin(self) -> Origin:
        """The row as a value."""
        return Origin(
            product_id=self.product_id,
            ordinal=self.ordinal,
            import_number=self.import_number,
            line=self.line,
            channel=self.channel,
            currency=self.currency,
            variant_id=self.variant_id,
            media_id=self.media_id,
            cells=self.cells,
        )


class SourceColumn(Base):
    """A column of any imported file, in the order they were first seen."""

    __tablename__ = "source_column"

    key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
