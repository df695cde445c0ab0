"""A member's bookkeeping leaves nothing out and repeats nothing."""

from hypothesis import given
from hypothesis import strategies as st

from wareflow_events.broker import Chunk, Record, Stored, TopicPartition
from wareflow_events.holdings import Holdings

HERE = TopicPartition("wareflow.zoo.animal", 0)
THERE = TopicPartition("wareflow.zoo.animal", 1)


def stored(*offsets: int) -> list[Stored]:
    return [Stored(HERE, n, Record(HERE.topic, b"key", (), b"%d" % n)) for n in offsets]


def holding(position: int) -> Holdings:
    holdings = Holdings()
    holdings.hold({HERE: position, THERE: 0})
    return holdings


def test_records_become_a_chunk_from_the_position_on() -> None:
    holdings = holding(5)
    assert holdings.take(HERE, stored(5, 6)) == Chunk(HERE, 5, 7, stored(5, 6))
    assert holdings.free(0.0) == [THERE]


def test_records_before_the_position_are_not_handed_out_again() -> None:
    holdings = holding(5)
    assert holdings.take(HERE, stored(3, 4)) is None
    assert holdings.take(HERE, stored(4, 5)) == Chunk(HERE, 5, 6, stored(5))


def test_what_is_not_held_is_not_handed_out() -> None:
    holdings = holding(5)
    holdings.drop()
    assert holdings.take(HERE, stored(5)) is None
    assert HERE not in holdings
    assert len(holdings) == 0


def test_a_gap_is_believed_when_it_is_seen_twice() -> None:
    holdings = holding(5)
    assert holdings.take(HERE, stored(8, 9)) == 5
    assert holdings.take(HERE, stored(8, 9)) == Chunk(HERE, 5, 10, stored(8, 9))


def test_a_gap_that_a_client_made_by_itself_closes() -> None:
    holdings = holding(5)
    assert holdings.take(HERE, stored(8)) == 5
    assert holdings.take(HERE, stored(5, 6, 7, 8)) == Chunk(HERE, 5, 9, stored(5, 6, 7, 8))


def test_expired_records_are_gone_past_with_an_empty_chunk() -> None:
    holdings = holding(5)
    assert holdings.expire(HERE, 5) is None
    assert holdings.expire(HERE, 9) == Chunk(HERE, 5, 9, ())
    assert holdings.settle({HERE: 9}, {}, now=0.0) == {}
    assert holdings.positions[HERE] == 9


def test_the_client_seeks_only_where_the_work_did_not_end_as_fetched() -> None:
    holdings = holding(5)
    _ = holdings.take(HERE, stored(5, 6))
    assert holdings.settle({HERE: 7}, {}, now=0.0) == {}
    _ = holdings.take(HERE, stored(7, 8, 9))
    assert holdings.settle({HERE: 8}, {}, now=0.0) == {HERE: 8}
    assert holdings.positions == {HERE: 8, THERE: 0}


def test_what_was_in_work_and_is_not_named_goes_back() -> None:
    holdings = holding(5)
    _ = holdings.take(HERE, stored(5, 6))
    assert holdings.settle({}, {}, now=0.0) == {HERE: 5}


def test_what_is_held_no_more_is_not_settled() -> None:
    holdings = holding(5)
    _ = holdings.take(HERE, stored(5, 6))
    holdings.hold({THERE: 0})
    assert holdings.settle({HERE: 7}, {}, now=0.0) == {}
    assert holdings.positions == {THERE: 0}


def test_a_resting_partition_is_not_free_until_it_has_rested() -> None:
    holdings = holding(5)
    _ = holdings.take(HERE, stored(5))
    _ = holdings.settle({HERE: 5}, {HERE: 2.0}, now=10.0)
    assert holdings.free(11.9) == [THERE]
    assert holdings.next_free(11.5) == 0.5
    assert holdings.free(12.0) == [HERE, THERE]
    assert holdings.next_free(12.0) is None


@given(st.data())
def test_whatever_happens_every_record_is_handed_out_in_order_and_settled_once(
    data: st.DataObject,
) -> None:
    """A client that repeats, loses and cuts; work that ends anywhere; a log with gaps."""
    offsets = sorted(data.draw(st.sets(st.integers(0, 60), min_size=1)))
    holdings, done, at = holding(0), list[int](), 0
    for _ in range(500):
        if holdings.positions[HERE] > offsets[-1]:
            break
        start = data.draw(st.integers(max(0, at - 3), at + 3))
        fetched = [n for n in offsets if n >= start][: data.draw(st.integers(1, 8))]
        found = holdings.take(HERE, stored(*fetched))
        if isinstance(found, int):
            at = found
            fetched = [n for n in offsets if n >= at][:8]
            found = holdings.take(HERE, stored(*fetched))
        if isinstance(found, Chunk):
            applied = data.draw(st.integers(0, len(found.records)))
            whole = applied == len(found.records)
            done += [s.offset for s in found.records[:applied]]
            at = found.end if whole else found.records[applied].offset
            at = holdings.settle({HERE: at}, {}, now=0.0).get(HERE, found.end)
    assert done == offsets[: len(done)]
