"""Passing troubles of a chatty client stay out of the log."""

import logging

import pytest

from wareflow_events.quiet import OnlyLasting, quieten


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("wareflow_events.quiet.time.monotonic", lambda: now[0])
    return now


def record(level: int = logging.ERROR, *, exception: bool = False) -> logging.LogRecord:
    info = (ValueError, ValueError("x"), None) if exception else None
    return logging.LogRecord("aiokafka.x", level, "f.py", 1, "no leader for %s", ("t",), info)


def test_what_passes_within_ten_seconds_is_not_logged(clock: list[float]) -> None:
    only_lasting = OnlyLasting()
    for _ in range(10):
        assert not only_lasting.filter(record())
        clock[0] += 1


def test_what_lasts_is_logged_once_a_minute(clock: list[float]) -> None:
    only_lasting, lines = OnlyLasting(), 0
    for _ in range(180):
        lines += only_lasting.filter(record())
        clock[0] += 1
    assert lines == 3


def test_trouble_that_comes_back_much_later_is_new(clock: list[float]) -> None:
    only_lasting = OnlyLasting()
    assert not only_lasting.filter(record())
    clock[0] += 3600
    assert not only_lasting.filter(record())


def test_an_unexpected_exception_is_logged_at_once(clock: list[float]) -> None:
    assert OnlyLasting().filter(record(exception=True))


def test_the_client_has_been_quietened() -> None:
    quieten("aiokafka")
    logger = logging.getLogger("aiokafka.consumer.fetcher")
    assert sum(isinstance(f, OnlyLasting) for f in logger.filters) == 1
    assert logger.getEffectiveLevel() >= logging.WARNING
