"""Fixtures for every test of the house."""

import gc
import warnings
from collections.abc import Generator

import pytest
from tools.kafka.find_kafka import find_kafka, for_tests


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Generator[str]:
    """A real Kafka: the one that is given, or one started here; skips with what is missing."""
    with for_tests(find_kafka) as bootstrap:
        yield bootstrap


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """A connection that a Kafka client was opening while it stopped is only freed with its loop,
    after the last test, where pytest would make an error of no test out of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        _ = gc.collect()
