"""Fixtures for every test of the house."""

import gc
import logging
import warnings
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest
from tools.kafka.find_kafka import find_kafka, for_tests
from tools.stripe.stripe_mock import for_tests as stripe_mock_for_tests

from wareflow_kit.logs import configure_structlog

# Tests run side by side on machines that are busy: how long an example takes says nothing.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

# For all tests of a process alike: what a logger has once been told cannot be taken back.
configure_structlog(logging.INFO)


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Generator[str]:
    """A real Kafka: the one that is given, or one started here; skips with what is missing."""
    with for_tests(find_kafka) as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def stripe_mock() -> Generator[str]:
    """The address of Stripe's own stand-in, built when it is missing; skips with what it lacks."""
    with stripe_mock_for_tests() as address:
        yield address


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files whose tests may last long come first, so that all testers end at about one time."""
    patience: dict[Path, float] = {}
    for item in items:
        if mark := item.get_closest_marker("timeout"):
            patience[item.path] = max(patience.get(item.path, 0), *mark.args)
    items.sort(key=lambda item: -patience.get(item.path, 0))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """A connection that a Kafka client was opening while it stopped is only freed with its loop,
    after the last test, where pytest would make an error of no test out of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        _ = gc.collect()
