"""A CSV file as rows that know their line, whatever is wrong with it said with its line too."""

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from catalog.model.product_import import UnusableFile
from catalog.model.shopify.guarding import MARK, unguard

LARGEST_CELL = 1_000_000
LARGEST_ROW = 4_000_000
"""Bytes, over all its lines; so much of a file is in memory whatever it holds."""
_LONGEST_NAME, _MOST_COLUMNS = 500, 500
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file: the line it begins on, its cells that are not empty, and what ails it."""

    line: int
    cells: dict[str, str]
    ailment: str | None = None


class _Lines:
    """The lines of a file, decoded one by one so that a wrong byte is told with its line."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.number = 0
        self.record: list[str] = []
        """The lines of the record that is being read."""
        self._left = LARGEST_ROW
        """How many bytes the record may still have."""

    def begin(self) -> None:
        """A record begins."""
        self.record.clear()
        self._left = LARGEST_ROW

    def __iter__(self) -> Iterator[str]:
        while raw := self._file.readline(self._left + 1):
            self.number += 1
            self._left -= len(raw)
            if self._left < 0:
                raise UnusableFile(
                    f"The row that line {self.number} is in has more than {LARGEST_ROW:,} bytes",
                    line=self.number,
                )
            if self.number == 1:
                if raw.startswith(_UTF16):
                    raise UnusableFile("The file is UTF-16; save it as CSV in UTF-8", line=1)
                raw = raw.removeprefix(codecs.BOM_UTF8)
            try:
                line = raw.decode()
            except UnicodeDecodeError as error:
                raise UnusableFile(
                    f"Line {self.number} is not UTF-8 (byte 0x{raw[error.start]:02x}); "
                    "save the file as CSV in UTF-8",
                    line=self.number,
                ) from None
            if "\x00" in line:
                raise UnusableFile(f"Line {self.number} holds a NUL byte", line=self.number)
            self.record.append(line)
            yield line

    @property
    def unclosed(self) -> bool:
        """Whether a quote of the record is still open; only the end of the file leaves one so."""
        if sum(line.count('"') for line in self.record) % 2 == 0:
            return False
        try:
            _ = list(csv.reader(self.record, strict=True))
        except csv.Error as error:
            return "unexpected end" in str(error)
        return False


class ProductFile:
    """A CSV file with a header; iterate it for its rows, blank lines left out."""

    def __init__(self, file: BinaryIO) -> None:
        self._lines = _Lines(file)
        _ = csv.field_size_limit(LARGEST_CELL)
        self._reader = csv.reader(iter(self._lines))
        self.columns = self._read_header()

    def _read_header(self) -> list[str]:
        header = next(self._records(), None)
        if header is None:
            raise UnusableFile("The file is empty")
        if len(header[1]) > _MOST_COLUMNS:
            raise UnusableFile(f"The first line names more than {_MOST_COLUMNS} columns", line=1)
        names = [cell.strip() for cell in header[1]]
        self._guarded = len(names) > 1 and names[-1] == MARK
        if self._guarded:
            names = [unguard(name) for name in names[:-1]]
        columns = name_columns(names)
        if max(map(len, columns)) > _LONGEST_NAME:
            raise UnusableFile("The first line does not name columns", line=1)
        if len(columns) == 1:
            for separator, name in _OTHER_SEPARATORS.items():
                if separator in columns[0]:
                    raise UnusableFile(f"The cells are separated by {name}, not by commas", line=1)
        return columns

    def __iter__(self) -> Iterator[Row]:
        width = len(self.columns)
        for line, record in self._records():
            if self._guarded:
                record = [unguard(cell) for cell in record]  # noqa: PLW2901
            cells = {c: cell for c, cell in zip(self.columns, record, strict=False) if cell}
            ailment = None
            if any(record[width:]):
                ailment = f"The row has {len(record)} cells, the header {width}"
            yield Row(line, cells, ailment)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            line = self._lines.number + 1
            self._lines.begin()
            try:
                record = next(self._reader, None)
            except csv.Error as error:
                raise UnusableFile(f"The row of line {line}: {error}", line=line) from None
            if record is None:
                return
            if self._lines.unclosed:
                raise UnusableFile(
                    f"A quote in the row from line {line} on is never closed", line=line
                )
            if any(record):
                yield line, record


def name_columns(header: list[str]) -> list[str]:
    """A header as unique names: the second `Tags` is `Tags` and `2` on a line of its own."""
    seen: Counter[str] = Counter()
    columns: list[str] = []
    for name in header:
        seen[name] += 1
        columns.append(name if seen[name] == 1 else f"{name}\n{seen[name]}")
    return columns


def shown_name(column: str) -> str:
    """The name of a column as its file had it."""
    return column.partition("\n")[0]
