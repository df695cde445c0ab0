"""Events from the frozen schemas and broken ones, through every consumer of every service."""

import pytest
from tests.hostile.event_breaks import BREAKS
from tests.hostile.event_fuzz import fuzz
from tests.hostile.event_values import Values

from wareflow_events.clock import utc_now
from wareflow_events.compatibility import frozen
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
