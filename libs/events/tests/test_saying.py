"""An error says what is wrong, and not with whose data."""

import asyncpg
import pytest
from pydantic import BaseModel, ValidationError

from wareflow_events.saying import said, without_values


class Person(BaseModel):
    name: str
    age: int


def invalid(**given: object) -> ValidationError:
    with pytest.raises(ValidationError) as raised:
        _ = Person.model_validate(given)
    return raised.value


def test_a_shape_that_does_not_fit_says_where_and_why() -> None:
    text = said(invalid(name=["Grace"], age="Hopper, input_type=Grace"))
    assert text.startswith("ValidationError: Person: name: Input should be a valid string")
    assert "age: Input should be a valid integer" in text
    assert not {"Grace", "Hopper"} & set(text.replace(",", " ").replace("'", " ").split())


def test_the_same_in_a_traceback() -> None:
    text = without_values(f"Traceback\n{invalid(name=['Grace'], age='Hopper')}")
    assert "input_type=list" in text
    assert "Grace" not in text
    assert "Hopper" not in text


def test_a_row_that_breaks_a_constraint_is_not_quoted() -> None:
    error = asyncpg.UniqueViolationError("duplicate key value violates account_email_key")
    error.detail = "Key (email)=(grace@example.com) already exists."
    assert "grace" in str(error)
    assert said(error) == "UniqueViolationError: duplicate key value violates account_email_key"
    wrapped = f"(IntegrityError) {error}\nof two lines: Hopper\n[SQL: INSERT INTO account]"
    assert without_values(wrapped).endswith("account_email_key\n[SQL: INSERT INTO account]")


@pytest.mark.parametrize(
    "text",
    [
        "invalid input for query argument $3: 'Grace' (expected int, got str)",
        "invalid input for query argument $12: {'name': 'Grace'}",
        'invalid input syntax for type uuid: "Grace"',
    ],
)
def test_an_argument_of_the_wrong_kind_is_not_quoted(text: str) -> None:
    assert "Grace" in text
    assert "Grace" not in without_values(text)
    assert without_values(text)[:24] == text[:24]


def test_any_other_message_stays_as_it_is() -> None:
    assert said(ValueError("no such thing: 7")) == "ValueError: no such thing: 7"


def test_an_error_that_cannot_say_what_it_is_is_named() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert said(Mute()) == "Mute: (no message)"
