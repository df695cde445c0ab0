"""How an error is told."""

import asyncpg
import pytest
from pydantic import ValidationError

from wareflow_events.batch import describe
from wareflow_events.schemas.shapes import AddressPii


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("no"), "ValueError: no"),
        (ValueError("a\x00b"), "ValueError: ab"),  # PostgreSQL's text has no zero character
        (asyncpg.DeadlockDetectedError(), "DeadlockDetectedError: (no message)"),
        (ValueError("x" * 5000), "ValueError: " + "x" * 1988),
        (ValueError("\ud800"), "ValueError: ?"),
        (
            ValueError("(DataError) invalid input for query argument $3: 'Grace\n' (too long)"),
            "ValueError: (DataError) invalid input for query argument $3:  (too long)",
        ),
        (ValueError("twice\nDETAIL:  Key (email)=(jo@x.org)\n[SQL]"), "ValueError: twice\n[SQL]"),
    ],
)
def test_any_error_can_be_told(error: Exception, told: str) -> None:
    assert describe(error) == told


def test_a_wrong_field_is_told_without_what_stands_in_it() -> None:
    with pytest.raises(ValidationError) as caught:
        _ = AddressPii.model_validate({"name": ["Grace"], "line1": "Main 1", "country": "Germany"})

    told = describe(caught.value)
    assert told.startswith("ValidationError: AddressPii: name: Input should be a valid string; ")
    assert not [word for word in ("Grace", "Main", "Germany") if word in told]


def test_what_cannot_be_read_at_all_is_told_without_a_field() -> None:
    with pytest.raises(ValidationError) as caught:
        _ = AddressPii.model_validate_json(b"")

    assert describe(caught.value).startswith("ValidationError: AddressPii: Invalid JSON: ")
