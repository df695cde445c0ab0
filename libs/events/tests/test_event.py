"""Events are declared once, on a topic of their owner."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError, create_model

from wareflow_events import event
from wareflow_events.event import (
    Event,
    Kind,
    MisdeclaredEvent,
    Topic,
    UnknownEvent,
    declare_topic,
    event_class,
    event_classes,
    topics,
)

IDENT = UUID("018F0000-0000-7000-8000-00000000ABCD")


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry of the test's own, so that nobody else meets its events."""
    monkeypatch.setattr(event, "_TOPICS", {})
    monkeypatch.setattr(event, "_EVENTS", {})


def declare() -> tuple[Topic, type[Event]]:
    topic = declare_topic("wareflow.zoo.animal", key="animal_id", kind=Kind.FACT)

    class AnimalFed(Event, type="wareflow.zoo.animal.fed.v1"):
        """An animal got something to eat."""

        animal_id: UUID
        food: str = "hay"

    return topic, AnimalFed


def test_topic_key_and_kind_follow_from_the_type() -> None:
    topic, fed = declare()
    assert fed.TOPIC is topic
    assert fed.TYPE == "wareflow.zoo.animal.fed.v1"
    assert topic.service == "zoo"
    assert event_class(fed.TYPE) is fed
    assert event_classes() == [fed]
    assert topics() == [topic]
    assert event.topic(topic.name) is topic


def test_the_key_is_lower_case_text() -> None:
    _, fed = declare()
    assert fed.model_validate({"animal_id": IDENT}).key == "018f0000-0000-7000-8000-00000000abcd"


def test_an_event_cannot_be_changed() -> None:
    _, fed = declare()
    made = fed.model_validate({"animal_id": IDENT})
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, "food", "meat")  # noqa: B010  the type would not let us


def test_an_old_reader_reads_a_new_event() -> None:
    _, fed = declare()
    assert fed.model_validate({"animal_id": IDENT, "keeper": "new field"})


@pytest.mark.parametrize(
    ("kind", "partitions", "sequenced", "retention"),
    [
        (Kind.STATE, 12, True, None),
        (Kind.FACT, 12, True, None),
        (Kind.ACTIVITY, 24, False, timedelta(days=90)),
        (Kind.CONTACT, 12, True, timedelta(hours=72)),
    ],
)
def test_the_kind_decides_how_long_a_topic_is_kept(
    kind: Kind, partitions: int, sequenced: bool, retention: timedelta | None
) -> None:
    topic = Topic("wareflow.zoo.animal", "animal_id", kind)
    assert topic.partitions == partitions
    assert topic.sequenced is sequenced
    assert topic.retention == retention


@pytest.mark.parametrize("name", ["zoo.animal", "wareflow.animal", "wareflow.zoo.animal.fed"])
def test_a_topic_is_named_for_its_service_and_noun(name: str) -> None:
    with pytest.raises(MisdeclaredEvent, match="is not wareflow"):
        _ = declare_topic(name, key="id", kind=Kind.FACT)


def test_a_topic_is_declared_once() -> None:
    _ = declare()
    with pytest.raises(MisdeclaredEvent, match="twice"):
        _ = declare_topic("wareflow.zoo.animal", key="animal_id", kind=Kind.STATE)


def declare_event(type_: str, *, doc: str = "It happened.", field: str = "animal_id") -> None:
    fields: Any = {field: (UUID, ...)}
    base: Any = {"__base__": Event, "__doc__": doc, "__cls_kwargs__": {"type": type_}}
    _ = create_model("AnimalDidSomething", **base, **fields)


def test_a_type_is_declared_once() -> None:
    _ = declare()
    with pytest.raises(MisdeclaredEvent, match="twice"):
        declare_event("wareflow.zoo.animal.fed.v1")


@pytest.mark.parametrize(
    "type_",
    ["wareflow.zoo.plant.watered.v1", "wareflow.zoo.animal.fed", "wareflow.zoo.animal.fed.1"],
)
def test_a_type_is_on_a_declared_topic_and_has_a_version(type_: str) -> None:
    _ = declare()
    with pytest.raises(MisdeclaredEvent, match="declared topic"):
        declare_event(type_)


def test_an_event_has_the_key_of_its_topic() -> None:
    _ = declare()
    with pytest.raises(MisdeclaredEvent, match="no field 'animal_id'"):
        declare_event("wareflow.zoo.animal.left.v1", field="zoo_id")


def test_an_event_says_why_it_fires() -> None:
    _ = declare()
    declare_event("wareflow.zoo.animal.left.v1")
    with pytest.raises(MisdeclaredEvent, match="why it fires"):
        declare_event("wareflow.zoo.animal.slept.v1", doc=" ")


def test_what_was_not_declared_is_unknown() -> None:
    with pytest.raises(UnknownEvent, match=r"wareflow\.zoo\.animal\.flown\.v1"):
        _ = event_class("wareflow.zoo.animal.flown.v1")
    with pytest.raises(UnknownEvent, match=r"wareflow\.zoo\.plant"):
        _ = event.topic("wareflow.zoo.plant")
