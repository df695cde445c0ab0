"""Rows of a file by product, however they are mixed, with little of the file in memory."""

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path

from catalog.model.product_import import Effect, UnusableFile
from catalog.model.shopify.columns import Layout, Says
from catalog.model.shopify.file_product import Problem
from catalog.model.shopify.reader import ProductFile, Row
from catalog.model.text import quoted, slugify

MOST_ROWS = 2_000_000
MOST_ROWS_OF_A_PRODUCT = 3_000
_MOST_WAITING = 50_000
"""How many rows may wait for others of their product that come later."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first look at a file tells: its columns, its size, and what is not together."""

    columns: list[str]
    rows: int
    scattered: dict[str, int]
    """The last line of each product whose rows do not follow one another."""


@dataclass(frozen=True, slots=True)
class Group:
    """All rows of one handle."""

    handle: str
    rows: list[Row]


def survey(path: Path) -> Survey:
    """Read the file once, from end to end; `UnusableFile` says where it cannot be read.

    Of each product that stands together eight bytes are kept, no more.
    """
    with path.open("rb") as file:
        rows = ProductFile(file)
        layout = Layout(rows.columns)
        layout.require_products()
        count, runs, current, length = 0, array("Q"), "", 0
        for row in rows:
            count += 1
            if count > MOST_ROWS:
                raise UnusableFile(f"The file has more than {MOST_ROWS:,} rows", line=row.line)
            handle = handle_of(row, layout)
            if not handle:
                continue
            if handle != current:
                current, length = handle, 0
                runs.append(_mark(handle))
            length += 1
            _refuse_endless(handle, length, row)
    return Survey(rows.columns, count, _last_lines(path, layout, _twice(runs)))


def _last_lines(path: Path, layout: Layout, marks: set[int]) -> dict[str, int]:
    last: dict[str, int] = {}
    if not marks:
        return last
    seen: Counter[str] = Counter()
    with path.open("rb") as file:
        for row in ProductFile(file):
            handle = handle_of(row, layout)
            if _mark(handle) in marks:
                seen[handle] += 1
                _refuse_endless(handle, seen[handle], row)
                last[handle] = row.line
    return last


def _refuse_endless(handle: str, length: int, row: Row) -> None:
    if length > MOST_ROWS_OF_A_PRODUCT:
        raise UnusableFile(
            f"{quoted(handle)} has more than {MOST_ROWS_OF_A_PRODUCT:,} rows", line=row.line
        )


def _mark(handle: str) -> int:
    return int.from_bytes(blake2b(handle.encode(), digest_size=8).digest())


def _twice(runs: "array[int]") -> set[int]:
    ordered = sorted(runs)
    return {one for one, following in pairwise(ordered) if one == following}


def groups(path: Path, surveyed: Survey) -> Iterator[Group | Problem]:
    """The products of a file, each when its last row was read; problems for rows of nobody."""
    layout = Layout(surveyed.columns)
    waiting = _Waiting(surveyed.scattered)
    together: Group | None = None
    with path.open("rb") as file:
        for row in ProductFile(file):
            handle = handle_of(row, layout)
            if together is not None and together.handle == handle:
                together.rows.append(row)
                continue
            if together is not None:
                yield together
                together = None
            if not handle:
                yield _nobodys(row, layout)
            elif handle not in surveyed.scattered:
                together = Group(handle, [row])
            elif (whole := waiting.add(handle, row)) is not None:
                yield whole
    if together is not None:
        yield together


def _nobodys(row: Row, layout: Layout) -> Problem:
    column = layout.columns[Says.HANDLE]
    told = row.cells.get(column, "")
    reason = f"{quoted(told)} is no handle" if told.strip() else "The handle is missing"
    return Problem(row.line, column, reason, Effect.ROW_LEFT_OUT)


class _Waiting:
    """Rows whose product goes on further down."""

    def __init__(self, last_lines: Mapping[str, int]) -> None:
        self._last_lines = last_lines
        self._rows: dict[str, list[Row]] = {}
        self._count = 0

    def add(self, handle: str, row: Row) -> Group | None:
        """The product, once this is its last row."""
        self._rows.setdefault(handle, []).append(row)
        self._count += 1
        if self._count > _MOST_WAITING:
            raise UnusableFile(
                f"Up to line {row.line} more than {_MOST_WAITING:,} rows wait for others of their"
                " products; sort the file by handle",
                line=row.line,
            )
        if self._last_lines[handle] != row.line:
            return None
        rows = self._rows.pop(handle)
        self._count -= len(rows)
        return Group(handle, rows)


def handle_of(row: Row, layout: Layout) -> str:
    """The handle of a row, as a slug; empty if it has none that can be one."""
    return slugify(row.cells.get(layout.columns[Says.HANDLE], ""))
