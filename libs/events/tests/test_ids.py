"""Ids carry the time they were made."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wareflow_events.ids import id_from, new_id, time_of

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
moments = st.datetimes(
    FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC)
)


@given(moments)
def test_an_id_tells_when_it_was_made_to_the_millisecond(at: datetime) -> None:
    made = new_id(at=at)
    assert made.version == 7
    assert time_of(made) == at - timedelta(microseconds=at.microsecond % 1000)


@given(moments, st.integers(min_value=1, max_value=10**9))
def test_later_ids_sort_after_earlier_ones(at: datetime, milliseconds: int) -> None:
    later = min(at + timedelta(milliseconds=milliseconds), LAST)
    if later - at >= timedelta(milliseconds=1):
        assert new_id(at=at) < new_id(at=later)


def test_ids_of_one_moment_differ() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert len({new_id(at=at) for _ in range(10_000)}) == 10_000


def test_another_kind_of_uuid_has_no_time() -> None:
    with pytest.raises(ValueError, match="not a UUIDv7"):
        _ = time_of(uuid4())
    with pytest.raises(ValueError, match="not a UUIDv7"):
        _ = time_of(UUID(int=0))


@given(moments, st.text())
def test_an_id_that_follows_from_another_is_the_same_each_time_and_of_its_time(
    at: datetime, name: str
) -> None:
    parent = new_id(at=at)
    assert id_from(parent, name) == id_from(parent, name)
    assert time_of(id_from(parent, name)) == time_of(parent)
    assert id_from(parent, name) not in (parent, id_from(parent, name + "."))
    assert id_from(new_id(at=at), name) != id_from(parent, name)
