"""Topics and partitions as the log numbers them, and records as it stores them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import orjson

from wareflow_events.broker import Record, Stored, TopicPartition
from wareflow_events.event import Topic

Place: TypeAlias = tuple[int, int]
"""A topic's number and a partition."""


class Topics:
    """The declared topics with their numbers."""

    def __init__(self) -> None:
        self._by_name: dict[str, int] = {}
        self._by_id: dict[int, Topic] = {}

    def __iter__(self) -> Iterator[Topic]:
        """All of them."""
        return iter(self._by_id.values())

    def add(self, number: int, topic: Topic) -> None:
        """Note a topic."""
        self._by_name[topic.name] = number
        self._by_id[number] = topic

    def number(self, name: str) -> int:
        """The number of the topic of this name."""
        return self._by_name[name]

    def topic(self, number: int) -> Topic:
        """The topic of this number."""
        return self._by_id[number]

    def expires(self, number: int) -> bool:
        """Whether what is appended to it is dropped some day."""
        return self._by_id[number].retention is not None

    def place(self, at: TopicPartition) -> Place:
        """A partition by its numbers."""
        return self._by_name[at.topic], at.partition

    def named(self, at: Place) -> TopicPartition:
        """A partition by its name."""
        return TopicPartition(self._by_id[at[0]].name, at[1])

    def stored(self, row: Any) -> Stored:
        """A row of a read."""
        place = self.named((row["topic_id"], row["partition"]))
        pairs: list[tuple[str, str]] = orjson.loads(row["headers"])
        headers = tuple([(name, value.encode("latin-1")) for name, value in pairs])
        record = Record(place.topic, row["key"], headers, row["value"])
        return Stored(place, row["position"], record)


def headers_of(record: Record) -> bytes:
    """A record's headers as they are stored."""
    return orjson.dumps([(name, value.decode("latin-1")) for name, value in record.headers])


def columns(places: Iterable[Place] | Mapping[Place, object]) -> tuple[list[int], list[int]]:
    """Places as two arrays."""
    listed = list(places)
    return [number for number, _ in listed], [partition for _, partition in listed]
