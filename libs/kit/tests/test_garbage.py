"""A process that serves does not look through its code again and again."""

import gc
from collections.abc import Generator

import pytest

from wareflow_kit.garbage import collect_seldom


@pytest.fixture(autouse=True)
def as_before() -> Generator[None]:
    usual = gc.get_threshold()
    yield
    gc.set_threshold(*usual)
    gc.unfreeze()


class Pair:
    """Two of them that know each other are freed by the collector alone."""

    other: "Pair"
    freed = 0

    def __del__(self) -> None:
        Pair.freed += 1


def a_cycle() -> None:
    one, other = Pair(), Pair()
    one.other, other.other = other, one


def test_what_is_loaded_is_left_alone_and_later_cycles_are_freed() -> None:
    a_cycle()
    collect_seldom()
    assert gc.get_freeze_count() > 10_000
    assert Pair.freed == 2
    for _ in range(10_000):
        a_cycle()
    assert Pair.freed > 2
