"""The rows as a page to read: RESULTS.md."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from bench.rows import Result

_HEAD = """# What the shop costs

Written by `make bench`; nothing here is typed by hand. Each figure stands beside its floor: the
least that the same could cost on the same machine, measured in the same run. The load generator
has a core of its own, everything else (services, PostgreSQL, broker, floors) shares the other one.

The ratio says how near a figure is to its floor, 1 being as good: figure ÷ floor for what is
counted per second, floor ÷ figure for what takes time. For growth the floor is the cost on small
data, and the ratio says how many times as much ten times the data costs.
"""
_COLUMNS = ("", "figure", "unit", "floor", "ratio", "p50 ms", "p99 ms", "aim", "")


def page(results: Sequence[Result], titles: Mapping[str, str]) -> str:
    """The whole page; `titles` say in words what each measure is."""
    parts = [_HEAD, _runs(results)]
    for measure, rows in groupby(results, key=lambda row: row.measure):
        parts.append(f"## {titles[measure]}\n\n{_table(list(rows))}")
    return "\n".join(parts)


def _runs(results: Sequence[Result]) -> str:
    runs: dict[tuple[str, str, str, str], list[str]] = {}
    for row in results:
        run = (row.date, row.commit, row.sizes, row.machine)
        names = runs.setdefault(run, [])
        if row.measure not in names:
            names.append(row.measure)
    cells = [(*run, ", ".join(names)) for run, names in runs.items()]
    return _lines(("measured", "commit", "sizes", "machine", "measures"), cells)


def _table(rows: Sequence[Result]) -> str:
    return _lines(_COLUMNS, [_cells(row) for row in rows])


def _cells(row: Result) -> tuple[str, ...]:
    met = {None: "", True: "✓", False: "✗"}[row.met]
    return (
        row.name,
        number(row.value),
        row.unit,
        number(row.floor),
        number(row.ratio),
        number(row.p50),
        number(row.p99),
        row.aim or "",
        met,
    )


def line(row: Result) -> str:
    """A row for the terminal."""
    ratio = "" if row.ratio is None else f", {number(row.ratio)} of {number(row.floor)}"
    met = {None: "", True: " ✓", False: f" ✗ {row.aim}"}[row.met]
    return f"{row.name}: {number(row.value)} {row.unit}{ratio}{met}"


def _lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    body = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in body)


def number(value: float | None) -> str:
    """Three digits that count, or all before the point."""
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if abs(value) < 0.01 else f"{value:.3g}"
