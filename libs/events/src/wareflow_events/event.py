"""What an event is: topics, the base class every fact derives from, and the registry of both."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Kind(StrEnum):
    """What a topic carries, which decides how long it is kept."""

    STATE = "state"
    """The whole state of one thing, each time it changes; kept for ever."""
    FACT = "fact"
    """What happened to one thing; kept for ever."""
    ACTIVITY = "activity"
    """What visitors did; kept 90 days, not sequenced."""
    CONTACT = "contact"
    """Personal data that a consumer truly needs; kept 72 hours."""


_RETENTION: dict[Kind, timedelta | None] = {
    Kind.STATE: None,
    Kind.FACT: None,
    Kind.ACTIVITY: timedelta(days=90),
    Kind.CONTACT: timedelta(hours=72),
}


@dataclass(frozen=True, slots=True)
class Topic:
    """A named stream `wareflow.<service>.<noun>`, ordered per key."""

    name: str
    key: str
    """The field of every event on this topic that is its key."""
    kind: Kind

    @property
    def service(self) -> str:
        """The one service that may publish here."""
        return self.name.split(".")[1]

    @property
    def partitions(self) -> int:
        """Fixed when the topic is made; growing is a new topic."""
        return 24 if self.kind is Kind.ACTIVITY else 12

    @property
    def sequenced(self) -> bool:
        """Whether each key's events carry a dense number 1..n."""
        return self.kind is not Kind.ACTIVITY

    @property
    def retention(self) -> timedelta | None:
        """How long a record is kept; `None` is for ever."""
        return _RETENTION[self.kind]


class Shape(BaseModel):
    """A frozen value inside events; unknown fields are ignored, so that old readers read on."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Shape):
    """A fact, in the past tense. Declared once, by its owner, with a versioned type:

    `class OrderPlaced(Event, type="wareflow.orders.order.placed.v1")`. Topic, key and kind
    follow from the type; the topic must have been declared before.
    """

    TYPE: ClassVar[str] = ""
    TOPIC: ClassVar[Topic]

    def __init_subclass__(cls, *, type: str = "") -> None:  # noqa: A002
        super().__init_subclass__()
        if type:
            cls.TYPE = type

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        if cls.TYPE:
            _register(cls)

    @property
    def key(self) -> str:
        """The id of the thing it happened to, as lower-case text."""
        return str(getattr(self, self.TOPIC.key)).lower()


class UnknownEvent(LookupError):
    """No event of this type has been declared."""


class MisdeclaredEvent(TypeError):
    """An event's declaration contradicts its topic or an earlier declaration."""


_TOPICS: dict[str, Topic] = {}
_EVENTS: dict[str, type[Event]] = {}


def declare_topic(name: str, *, key: str, kind: Kind) -> Topic:
    """Declare a topic at the head of its owner's schema file."""
    parts = name.split(".")
    if len(parts) != 3 or parts[0] != "wareflow":
        raise MisdeclaredEvent(f"topic {name!r} is not wareflow.<service>.<noun>")
    if name in _TOPICS:
        raise MisdeclaredEvent(f"topic {name!r} is declared twice")
    _TOPICS[name] = Topic(name, key, kind)
    return _TOPICS[name]


def _register(cls: type[Event]) -> None:
    parts = cls.TYPE.split(".")
    topic = _TOPICS.get(".".join(parts[:3]))
    if len(parts) != 5 or topic is None or not parts[4].startswith("v"):
        raise MisdeclaredEvent(
            f"{cls.__name__}: {cls.TYPE!r} is not <declared topic>.<fact>.v<number>"
        )
    if topic.key not in cls.model_fields:
        raise MisdeclaredEvent(f"{cls.__name__} has no field {topic.key!r}, the key of its topic")
    if cls.TYPE in _EVENTS:
        raise MisdeclaredEvent(f"event type {cls.TYPE!r} is declared twice")
    if not (cls.__doc__ or "").strip():
        raise MisdeclaredEvent(f"{cls.__name__} does not say why it fires")
    cls.TOPIC = topic
    _EVENTS[cls.TYPE] = cls


def event_class(type: str) -> type[Event]:  # noqa: A002
    """The class declared for a type; `UnknownEvent` if there is none."""
    try:
        return _EVENTS[type]
    except KeyError:
        raise UnknownEvent(f"no event type {type!r}") from None


def event_classes() -> list[type[Event]]:
    """Every declared event, by type."""
    return [_EVENTS[name] for name in sorted(_EVENTS)]


def topic(name: str) -> Topic:
    """A declared topic; `UnknownEvent` if there is none of this name."""
    try:
        return _TOPICS[name]
    except KeyError:
        raise UnknownEvent(f"no topic {name!r}") from None


def topics() -> list[Topic]:
    """Every declared topic, by name."""
    return [_TOPICS[name] for name in sorted(_TOPICS)]
