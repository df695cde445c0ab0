"""Events from the frozen schemas and broken ones, through every consumer of every service."""

from functools import partial

import pytest
from tests.hostile.event_breaks import BREAKS, Must
from tests.hostile.event_fates import Fate, fate_of
from tests.hostile.event_fuzz import fuzz
from tests.hostile.event_records import Stream
from tests.hostile.event_values import Values

from wareflow.house import groups_of
from wareflow_events.broker import Stored, TopicPartition
from wareflow_events.clock import utc_now
from wareflow_events.compatibility import frozen
from wareflow_events.deadletter import id_of
from wareflow_events.event import event_class

pytestmark = pytest.mark.timeout(300)


def test_what_is_made_from_a_schema_is_an_event_of_its_type() -> None:
    from random import Random

    values = Values(Random(1), utc_now())
    for document in frozen().values():
        for _ in range(20):
            _ = event_class(document["type"]).model_validate(values.payload(document))


async def test_every_event_is_applied_or_skipped_or_kept_with_its_reason() -> None:
    verdict = await fuzz(events=500, seed=1, one_in=4)

    assert verdict.fates.wrong == []
    assert verdict.holds, verdict.line()
    assert {one.name for one in BREAKS} <= verdict.ways.keys()


def test_what_was_skipped_stays_so_when_the_same_again_has_to_wait() -> None:
    """The judge's own mistake once: a later letter is no reason to call this one a duplicate."""
    now = utc_now()
    unknown = next(one for one in Stream(1, now).every_break(1) if one.must is Must.BE_SKIPPED)
    at = TopicPartition(unknown.record.topic, 0)
    again = id_of(Stored(at, 9, unknown.record))

    fate = partial(fate_of, groups_of("crm")[0], taken=set(), seen=set())

    assert fate((at, 3, unknown), None, kept={(again, at.topic): (at, 9)}) is Fate.SKIPPED
    assert fate((at, 9, unknown), "waits behind 4", kept={}) is Fate.PARKED
    assert fate((at, 11, unknown), None, kept={(again, at.topic): (at, 9)}) is Fate.DUPLICATE
