"""What a guard writes can neither run nor be taken for something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.model.shopify.guarding import guard, unguard

cells = st.text("'=+-@\t\r\n＝ a1.", max_size=8)


@given(cells)
def test_every_cell_is_read_as_it_was_before_the_guard(cell: str) -> None:
    assert unguard(guard(cell)) == cell


@given(cells)
def test_nothing_but_a_number_begins_as_a_formula_does(cell: str) -> None:
    first = guard(cell).lstrip(" ")[:1]
    assert first not in tuple("=@\t\r\n＝")
    if first and first in "+-":
        assert float(cell) is not None


@pytest.mark.parametrize("cell", ["-3", "+4.50", "19.99", "a=b", "mug", "'quoted'", ""])
def test_what_no_spreadsheet_runs_stays_as_it_is(cell: str) -> None:
    assert guard(cell) == cell
