"""The events of the house keep the house's rules."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from wareflow_events import schemas
from wareflow_events.event import Event, Kind, topics

HOUSE = schemas.house_events()


def shapes(model: type[BaseModel]) -> set[type[BaseModel]]:
    """The shapes inside a model, at any depth."""
    found: set[type[BaseModel]] = set()
    ahead: list[type[BaseModel]] = [model]
    while ahead:
        fields = ahead.pop().model_fields.values()
        fresh = {inner for field in fields for inner in models_in(field.annotation)} - found
        found |= fresh
        ahead += fresh
    return found


def models_in(annotation: Any) -> set[type[BaseModel]]:
    """The models that a type annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {inner for part in get_args(annotation) for inner in models_in(part)}


def test_there_is_a_file_per_owner() -> None:
    folder = Path(next(iter(schemas.__path__)))
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "shapes"}
    assert files == set(schemas.__all__) - {"house_events"} == {topic.service for topic in topics()}


@pytest.mark.parametrize("cls", HOUSE, ids=lambda cls: cls.__name__)
def test_an_event_stands_in_its_owners_file(cls: type[Event]) -> None:
    assert cls.__module__.split(".")[-1] == cls.TOPIC.service


@pytest.mark.parametrize("cls", HOUSE, ids=lambda cls: cls.__name__)
def test_personal_data_is_nested_and_on_a_contact_topic_only(cls: type[Event]) -> None:
    if cls.TOPIC.kind is not Kind.CONTACT:
        assert not [s for s in shapes(cls) if s.__name__.endswith("Pii")]
    assert not {"email", "phone", "name_of_customer"} & set(cls.model_fields)


@pytest.mark.parametrize("cls", HOUSE, ids=lambda cls: cls.__name__)
def test_every_shape_says_what_it_is(cls: type[Event]) -> None:
    assert [s.__name__ for s in shapes(cls) if not (s.__doc__ or "").strip()] == []


@pytest.mark.parametrize("cls", HOUSE, ids=lambda cls: cls.__name__)
def test_every_shape_is_frozen_and_reads_what_it_does_not_know(cls: type[Event]) -> None:
    for shape in [cls, *shapes(cls)]:
        assert shape.model_config.get("frozen")
        assert shape.model_config.get("extra") == "ignore"
