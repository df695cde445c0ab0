"""Cells that a spreadsheet would run as formulas: written so that it does not, and read back.

A guarded file says so by a last column of its own, so whoever imports it need not know.
"""

import re

MARK = "Formulas guarded"
"""The name of the last column of a guarded file; it is empty in every row."""

_RUNS = re.compile(r"'*\s*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-][0-9]+(\.[0-9]*)?")


def guard(cell: str) -> str:
    """The cell with a `'` before it, if it could run, or if it would be taken for guarded."""
    return f"'{cell}" if _RUNS.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unguard(cell: str) -> str:
    """What `guard` was given."""
    return cell[1:] if cell.startswith("'") and _RUNS.match(cell, 1) else cell
