"""What a restored database has lost comes back from the log, whatever event carries it."""

import pytest

from wareflow.house import SERVICES, groups_of, recovery_of
from wareflow_events.recovery import unexplained


@pytest.mark.parametrize("service", SERVICES)
def test_every_event_is_taken_back_or_says_why_it_is_not(service: str) -> None:
    recovery = recovery_of(service)
    assert recovery.service == service
    assert unexplained(recovery) == []
    assert all(reason.strip() for reason in recovery.nothing.values())
    assert recovery.lost  # somebody has thought about what no event carries


@pytest.mark.parametrize("service", SERVICES)
def test_what_must_be_heard_first_stands_where_one_of_its_groups_does(service: str) -> None:
    before = recovery_of(service).before
    assert before is None or before.name in {group.name for group in groups_of(service)}
