"""A product as a file has it: what its rows say, and what of them could not be used."""

from dataclasses import dataclass, field

from catalog.model.definition import Kind, Status
from catalog.model.product_import import Effect
from catalog.model.shopify.columns import Layout, Says
from catalog.model.shopify.reader import Row

_MOST_LINES = 50
DEFAULT_VALUE = "Default Title"
"""The option value of a product without options."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the file that was not used, where, why, and what came of it."""

    line: int
    column: str | None
    reason: str
    effect: Effect


class RowTrouble(Exception):
    """A row cannot be used, because of the cell in this column."""

    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FileVariant:
    """What a row says about a variant; `sku` and `price` are None where the cell is blank."""

    row: Row
    values: tuple[str, ...]
    sku: str | None
    barcode: str | None
    grams: int
    tracked: bool
    quantity: int | None
    backorder: bool
    price: int | None
    compare_at: int | None
    shipping: bool
    taxable: bool
    tax_code: str | None
    cost: int | None
    image: str | None


@dataclass(frozen=True, slots=True)
class Picture:
    """What a row says about a picture; in the order they are shown."""

    row: Row
    url: str
    alt: str


@dataclass(slots=True)
class FileProduct:
    """All rows of a handle, understood. `rejected` when it cannot go in at all."""

    handle: str
    layout: Layout
    rows: list[Row]
    currency: str
    title: str = ""
    description: str = ""
    vendor: str = ""
    product_type: str = ""
    tags: list[str] = field(default_factory=list[str])
    category: tuple[str, ...] = ()
    status: Status = Status.ACTIVE
    gift_card: bool = False
    seo_title: str | None = None
    seo_description: str | None = None
    options: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Name of each option, and the column with its values."""
    variants: list[FileVariant] = field(default_factory=list[FileVariant])
    pictures: list[Picture] = field(default_factory=list[Picture])
    urls: dict[int, str] = field(default_factory=dict[int, str])
    """The address of the picture on each line that has one; two lines may have the same."""
    problems: list[Problem] = field(default_factory=list[Problem])
    rejected: bool = False

    @property
    def kind(self) -> Kind:
        """A gift card if it says so; digital if nothing of it is shipped."""
        if self.gift_card:
            return Kind.GIFT_CARD
        return Kind.PHYSICAL if any(v.shipping for v in self.variants) else Kind.DIGITAL

    @property
    def option_names(self) -> list[str]:
        """The options by name; none for a product that comes in one form."""
        return [name for name, _ in self.options]

    def cell(self, row: Row, says: Says) -> str:
        """What a row has in the column that says this; blank where there is no such column."""
        column = self.layout.columns.get(says)
        return row.cells.get(column, "") if column else ""

    def note(
        self, row: Row, column: str | None, reason: str, effect: Effect = Effect.VALUE_IGNORED
    ) -> None:
        """A value was not used, or is worth a look; the row goes in."""
        self.problems.append(Problem(row.line, column, reason, effect))

    def leave_out(self, row: Row, column: str | None, reason: str) -> None:
        """A row does not go in; if it is the first, neither does the product."""
        if row is self.rows[0]:
            self.reject(row.line, column, reason)
            return
        self.problems.append(Problem(row.line, column, reason, Effect.ROW_LEFT_OUT))
        self.rows.remove(row)
        self.variants = [variant for variant in self.variants if variant.row is not row]
        self.pictures = [picture for picture in self.pictures if picture.row is not row]

    def reject(self, line: int, column: str | None, reason: str) -> None:
        """The product does not go in; its lines are named."""
        lines = ", ".join(str(row.line) for row in self.rows[:_MOST_LINES])
        if len(self.rows) > _MOST_LINES:
            lines += f" and {len(self.rows) - _MOST_LINES} more"
        told = f"{reason}; so {self.handle!r} (lines {lines}) is left out"
        self.problems.append(Problem(line, column, told, Effect.PRODUCT_LEFT_OUT))
        self.rejected = True
