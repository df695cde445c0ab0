"""Rows of a file by product, however they are mixed, with little of the file in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.model.product_import import Effect
from catalog.model.shopify.columns import Layout, Says
from catalog.model.shopify.file_product import Problem
from catalog.model.shopify.reader import ProductFile, Row
from catalog.model.text import slugify


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first look at a file tells: its columns, and where each product ends."""

    columns: list[str]
    rows: int
    last_line: dict[str, int]


@dataclass(frozen=True, slots=True)
class Group:
    """All rows of one handle."""

    handle: str
    rows: list[Row]


def survey(path: Path) -> Survey:
    """Read the file once, from end to end; `UnusableFile` says where it cannot be read."""
    with path.open("rb") as file:
        rows = ProductFile(file)
        layout = Layout(rows.columns)
        layout.require_products()
        last: dict[str, int] = {}
        count = 0
        for row in rows:
            count += 1
            last[handle_of(row, layout)] = row.line
    return Survey(rows.columns, count, last)


def groups(path: Path, surveyed: Survey) -> Iterator[Group | Problem]:
    """The products of a file, each when its last row was read; problems for rows of nobody."""
    layout = Layout(surveyed.columns)
    column = layout.columns[Says.HANDLE]
    waiting: dict[str, list[Row]] = {}
    with path.open("rb") as file:
        for row in ProductFile(file):
            handle = handle_of(row, layout)
            if not handle:
                told = row.cells.get(column, "")
                reason = f"{told!r} is no handle" if told.strip() else "The handle is missing"
                yield Problem(row.line, column, reason, Effect.ROW_LEFT_OUT)
                continue
            waiting.setdefault(handle, []).append(row)
            if surveyed.last_line[handle] == row.line:
                yield Group(handle, waiting.pop(handle))


def handle_of(row: Row, layout: Layout) -> str:
    """The handle of a row, as a slug; empty if it has none that can be one."""
    return slugify(row.cells.get(layout.columns[Says.HANDLE], ""))
