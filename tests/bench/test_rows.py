"""Rows: ratios that say how near a figure is to its floor, and files that keep the others'."""

from pathlib import Path

import pytest
from bench import report
from bench.rows import Result, Row, Rows, Stamp, grows_at_most, merged, near, read, under, write

STAMP = Stamp(commit="abc", date="2026-01-01 12:00 UTC", machine="a machine", sizes="short")
ROWS = Rows("product")


def test_a_rate_at_half_its_floor_has_a_ratio_of_a_half() -> None:
    assert ROWS.rate("reads", 50, "per s", floor=100).ratio == 0.5


def test_a_cost_of_twice_its_floor_has_a_ratio_of_a_half() -> None:
    assert ROWS.cost("start", 4, "s", floor=2).ratio == 0.5


def test_growth_says_how_many_times_as_much_it_costs() -> None:
    assert ROWS.growth("a list", small=2, large=6, unit="ms", aim=grows_at_most(2)).ratio == 3


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (ROWS.rate("reads", 80, "per s", floor=100, aim=near(0.8)), True),
        (ROWS.rate("reads", 79, "per s", floor=100, aim=near(0.8)), False),
        (ROWS.rate("reads", 79, "per s", aim=near(0.8)), False),
        (ROWS.cost("start", 4.9, "s", aim=under(5, "s")), True),
        (ROWS.cost("start", 5.0, "s", aim=under(5, "s")), False),
        (ROWS.growth("list", small=1, large=2, unit="ms", aim=grows_at_most(1.5)), False),
        (ROWS.rate("reads", 1, "per s"), None),
    ],
)
def test_an_aim_is_met_or_not(row: Row, met: bool | None) -> None:
    assert row.met is met


def _kept(measure: str, name: str) -> Result:
    return Result.of(Rows(measure).rate(name, 1, "per s"), STAMP)


def test_a_partial_run_replaces_its_own_rows_only() -> None:
    old = [_kept("product", "old"), _kept("list", "old"), _kept("list", "gone")]
    found = merged(old, [_kept("list", "new")], ["product", "list"])
    assert [(row.measure, row.name) for row in found] == [("product", "old"), ("list", "new")]


def test_rows_of_a_measure_that_is_no_more_go() -> None:
    assert merged([_kept("past", "old")], [], ["product"]) == []


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    assert read(path) == []
    results = [Result.of(ROWS.rate("reads", 50, "per s", floor=100, aim=near(0.8)), STAMP)]
    write(path, results)
    assert read(path) == results


def test_the_page_shows_figure_floor_ratio_and_aim_in_a_row() -> None:
    row = Result.of(ROWS.rate("reads", 1234.5, "per s", floor=2469, aim=near(0.8), p99=3.21), STAMP)
    page = report.page([row], {"product": "Reading a product"})
    assert "## Reading a product" in page
    wanted = "| reads | 1,234 | per s | 2,469 | 0.5 |  | 3.21 | ≥ 0.8 of the floor | ✗ |"
    assert wanted in page
    assert "| 2026-01-01 12:00 UTC | abc | short | a machine | product |" in page


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (0, "0"),
        (12345.6, "12,346"),
        (12.345, "12.3"),
        (0.5, "0.5"),
        (0.00123, "0.0012"),
    ],
)
def test_numbers_have_the_digits_that_count(value: float | None, shown: str) -> None:
    assert report.number(value) == shown
