"""Prices in windows: of two that overlap the later start counts, and history stays."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from catalog.model.price import Price, PriceTerms, flatten, reschedule
from catalog.testing import a_price, euros
from wareflow_events.schemas.shapes import Money

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def day(number: int | None) -> datetime | None:
    """So many days from now."""
    return None if number is None else NOW + timedelta(days=number)


def priced(amount: int, start: int | None = None, end: int | None = None) -> PriceTerms:
    """A price from and to so many days from now."""
    return a_price(amount, valid_from=day(start), valid_to=day(end))


def rescheduled(rows: list[Price], *wanted: PriceTerms, days: int = 0) -> list[Price]:
    """The rows after a change some days from now, in order."""
    changed = reschedule(
        rows, wanted, variant_id=UUID(int=1), now=NOW + timedelta(days=days), new_id=uuid4
    )
    return sorted(changed, key=lambda row: row.valid_from)


def spans(rows: list[Price]) -> list[tuple[int, int, int | None]]:
    """Amount, first and last day of each row."""
    return [
        (r.amount, (r.valid_from - NOW).days, (r.valid_to and (r.valid_to - NOW).days) or None)
        for r in rows
    ]


def test_a_first_price_holds_from_now_on() -> None:
    assert spans(rescheduled([], priced(1000))) == [(1000, 0, None)]


def test_a_new_price_ends_the_old_one_and_keeps_it() -> None:
    rows = rescheduled(rescheduled([], priced(1000)), priced(1200), days=5)

    assert spans(rows) == [(1000, 0, 5), (1200, 5, None)]


def test_a_sale_lies_upon_the_ordinary_price() -> None:
    rows = rescheduled([], priced(1000), priced(700, 3, 5))

    assert spans(rows) == [(1000, 0, 3), (700, 3, 5), (1000, 5, None)]


def test_the_same_wish_again_changes_no_row() -> None:
    wish = (priced(1000), priced(700, 3, 5))
    rows = rescheduled([], *wish)

    again = rescheduled(rows, *(row.terms() for row in rows))
    later = rescheduled(rows, *wish, days=1)

    assert again == rows
    assert later == rows
    assert spans(later) == [(1000, 0, 3), (700, 3, 5), (1000, 5, None)]


def test_a_sale_that_is_called_off_leaves_the_ordinary_price() -> None:
    rows = rescheduled(rescheduled([], priced(1000), priced(700, 3, 5)), priced(1000), days=1)

    assert spans(rows) == [(1000, 0, None)]


def test_a_running_sale_that_is_called_off_is_history() -> None:
    rows = rescheduled(rescheduled([], priced(1000), priced(700, 3, 5)), priced(1000), days=4)

    assert spans(rows) == [(1000, 0, 3), (700, 3, 4), (1000, 4, None)]


def test_no_price_from_now_on_ends_what_holds() -> None:
    assert spans(rescheduled(rescheduled([], priced(1000)), days=2)) == [(1000, 0, 2)]


def test_two_changes_at_one_time_leave_no_empty_window() -> None:
    assert spans(rescheduled(rescheduled([], priced(1000)), priced(1100))) == [(1100, 0, None)]


def test_a_price_in_the_past_is_nothing() -> None:
    assert rescheduled([], priced(1000, -5, -1)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"valid_from": NOW, "valid_to": NOW},
        {"compare_at": Money(amount=1, currency="USD")},
        {"valid_from": datetime(2026, 1, 1)},  # noqa: DTZ001  naive on purpose
    ],
)
def test_a_price_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        _ = PriceTerms.model_validate({"price": euros(1), **wrong})


DAYS = st.integers(-6, 12)


@st.composite
def wishes(draw: st.DrawFn) -> PriceTerms:
    """A price in any window."""
    start = draw(st.none() | DAYS)
    end = draw(st.none() | st.integers(start + 1 if start is not None else -5, 14))
    return priced(draw(st.integers(1, 4)), start, end)


def _counts(wanted: list[PriceTerms], at: datetime) -> int | None:
    """The rule, plainly: of the windows that are open the one that began last, or is last."""
    beginning = datetime.min.replace(tzinfo=UTC)
    found = [
        (t.valid_from or beginning, place, t.price.amount)
        for place, t in enumerate(wanted)
        if (t.valid_from or beginning) <= at and (t.valid_to is None or t.valid_to > at)
    ]
    return max(found)[2] if found else None


def _moments() -> Iterator[datetime]:
    for number in range(16):
        yield NOW + timedelta(days=number, hours=1)


@given(st.lists(wishes(), max_size=6))
def test_flat_windows_never_overlap_and_follow_the_rule(wanted: list[PriceTerms]) -> None:
    windows = flatten(wanted, now=NOW)

    for one, next_one in pairwise(windows):
        assert one.end is not None
        assert next_one.start is not None
        assert one.end <= next_one.start
    for at in _moments():
        costs = [
            w.cost[0] for w in windows if (w.start or NOW) <= at and (w.end is None or w.end > at)
        ]
        expected = _counts(wanted, at)
        assert costs == ([] if expected is None else [expected])


@given(st.lists(st.lists(wishes(), max_size=4), max_size=5))
def test_history_is_never_rewritten(changes: list[list[PriceTerms]]) -> None:
    rows: list[Price] = []
    for days, wanted in enumerate(changes):
        now = NOW + timedelta(days=days)
        before = [(row.amount, row.valid_from) for row in rows if row.valid_from < now]
        rows = rescheduled(rows, *wanted, days=days)
        kept = [(row.amount, row.valid_from) for row in rows]
        assert all(row in kept for row in before)
        for one, next_one in pairwise(rows):
            assert one.valid_to is not None
            assert one.valid_to <= next_one.valid_from
