"""Fail points: inert until armed, and armed by name."""

import subprocess
import sys
from collections.abc import Generator

import pytest

from wareflow_events import failpoints
from wareflow_events.failpoints import (
    FailPoint,
    Injected,
    about,
    arm,
    declared,
    disarm,
    on_hit,
)


@pytest.fixture
def place() -> Generator[FailPoint]:
    name = "test.somewhere"
    yield declared().get(name) or failpoints.failpoint(name)
    disarm()


def complain(subject: str) -> None:
    raise Injected(subject)


def test_a_place_is_inert_until_it_is_armed(place: FailPoint) -> None:
    place.reach()
    arm(place.name, complain)
    with pytest.raises(Injected, match="4711"):
        place.reach(4711)
    disarm()
    place.reach()


def test_a_name_is_declared_once(place: FailPoint) -> None:
    with pytest.raises(ValueError, match="twice"):
        _ = failpoints.failpoint(place.name)


def test_what_is_not_declared_cannot_be_armed() -> None:
    with pytest.raises(KeyError):
        arm("nowhere", complain)


def test_a_later_hit_can_be_meant(place: FailPoint) -> None:
    arm(place.name, on_hit(3, complain))
    place.reach()
    place.reach()
    with pytest.raises(Injected):
        place.reach()
    place.reach()


def test_only_one_subject_can_be_meant(place: FailPoint) -> None:
    arm(place.name, about("orders", on_hit(2, complain)))
    place.reach("orders")
    place.reach("payments")
    with pytest.raises(Injected, match="orders"):
        place.reach("orders")


def test_a_death_says_nothing_and_cleans_nothing_up() -> None:
    program = (
        "import atexit; from wareflow_events.failpoints import *; atexit.register(print, 'bye');"
        "place = failpoint('here'); arm('here', die); place.reach(); print('still here')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (9, b"")
