"""A broker of the tests' own, which they may kill."""

from collections.abc import Generator

import pytest
from tools.kafka.find_kafka import for_tests
from tools.kafka.local_kafka import LocalKafka


@pytest.fixture(scope="module")
def kafka() -> Generator[LocalKafka]:
    """Runs when a test begins, or is brought back by it."""
    with for_tests(LocalKafka) as broker:
        yield broker
