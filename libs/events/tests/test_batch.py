"""How an error is told."""

import asyncpg
import pytest

from wareflow_events.batch import describe


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("no"), "ValueError: no"),
        (ValueError("a\x00b"), "ValueError: ab"),  # PostgreSQL's text has no zero character
        (asyncpg.DeadlockDetectedError(), "DeadlockDetectedError: (no message)"),
        (ValueError("x" * 5000), "ValueError: " + "x" * 1988),
    ],
)
def test_any_error_can_be_told(error: Exception, told: str) -> None:
    assert describe(error) == told
