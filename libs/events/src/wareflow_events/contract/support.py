"""What the contract's tests share: records to send, members that read them, and probes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self
from uuid import uuid4

from wareflow_events.broker import Broker, Chunk, Record, Stored, TopicPartition
from wareflow_events.event import Kind, Topic
from wareflow_events.partitioner import partition_of

_DEADLINE = 60.0


@dataclass(frozen=True)
class Log:
    """A real log under test."""

    connect: Callable[[], Broker]
    """Another client of it, as another process would have."""
    interrupt: Callable[[], Coroutine[Any, Any, None]]
    """Cut every connection to it, as a crash of the broker would; it comes back."""
    disown: Callable[[], Coroutine[Any, Any, None]]
    """Take what members hold from them, where nobody else's joining does."""


async def eventually(
    probe: Callable[[], Awaitable[bool]] | Callable[[], bool], *, within: float = _DEADLINE
) -> None:
    """Ask until the answer is yes; `AssertionError` when it is not within so many seconds."""
    deadline = time.monotonic() + within
    while True:
        answer = probe()
        if await answer if isinstance(answer, Awaitable) else answer:
            return
        assert time.monotonic() < deadline, f"not within {within} s: {probe}"
        await asyncio.sleep(0.02)


_NAMES = count(1)


def a_topic(kind: Kind = Kind.FACT) -> Topic:
    """A topic of its own for a test; not in the registry."""
    return Topic(f"wareflow.contract.t{next(_NAMES)}-{uuid4().hex[:8]}", "key", kind)


def a_group() -> str:
    """The name of a group of its own."""
    return f"contract.g{next(_NAMES)}-{uuid4().hex[:8]}"


def a_record(topic: Topic, key: str, number: int) -> Record:
    """A record whose value is its number among those of its key."""
    return Record(topic.name, key.encode(), (("number", b"%d" % number),), b"%d" % number)


def records(topic: Topic, *, keys: int, each: int) -> list[Record]:
    """Records of several keys, mixed."""
    return [a_record(topic, f"key-{key}", number) for number in range(each) for key in range(keys)]


def keys_apart(topic: Topic) -> tuple[str, str]:
    """Two keys in different partitions."""
    first = "key-0"
    home = partition_of(first.encode(), topic.partitions)
    others = (f"key-{n}" for n in count(1))
    return first, next(k for k in others if partition_of(k.encode(), topic.partitions) != home)


def place_of(topic: Topic, key: str) -> TopicPartition:
    """Where a key's records must be."""
    return TopicPartition(topic.name, partition_of(key.encode(), topic.partitions))


@dataclass
class Stands:
    """Stands in for a service's offset rows: a compare-and-set per partition."""

    at: dict[TopicPartition, int] = field(default_factory=dict[TopicPartition, int])

    async def starts(self, places: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Where the group stands."""
        return {place: self.at.get(place, 0) for place in places}

    def move(self, chunk: Chunk) -> bool:
        """Go past a chunk if the group still stands at its start."""
        if self.at.get(chunk.place, 0) != chunk.start:
            return False
        self.at[chunk.place] = chunk.end
        return True


class Member:
    """A member of a group that applies what it fetches until it is told to leave.

    As the real consumer does, it joins anew when its client breaks.
    """

    def __init__(self, broker: Broker, group: str, topic: Topic, stands: Stands) -> None:
        self._broker = broker
        self._group = group
        self._topic = topic
        self._stands = stands
        self._leaving = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.heard: list[Stored] = []

    async def __aenter__(self) -> Self:
        """Join."""
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave, after the batch in work."""
        self._leaving.set()
        assert self._task is not None
        await self._task

    async def _run(self) -> None:
        while not self._leaving.is_set():
            try:
                await self._take_part()
            except Exception:  # noqa: BLE001  a broken client is made anew
                await asyncio.sleep(0.05)

    async def _take_part(self) -> None:
        subscription = await self._broker.subscribe(
            self._group, [self._topic], starts=self._stands.starts
        )
        try:
            while not self._leaving.is_set():
                chunks = await subscription.fetch(limit=50, wait=0.2)
                for chunk in chunks:
                    if self._stands.move(chunk):
                        self.heard += chunk.records
                if chunks:
                    places = [chunk.place for chunk in chunks]
                    await subscription.settle(await self._stands.starts(places), rest={})
        finally:
            await subscription.close()


async def first_chunks(
    broker: Broker, group: str, topic: Topic, stands: Stands, *, wanted: int
) -> list[Chunk]:
    """What a member gets first, until it has so many records; it leaves without settling."""
    subscription = await broker.subscribe(group, [topic], starts=stands.starts)
    found: list[Chunk] = []
    deadline = time.monotonic() + _DEADLINE
    try:
        while sum(len(chunk.records) for chunk in found) < wanted:
            found += await subscription.fetch(limit=1000, wait=0.2)
            assert time.monotonic() < deadline, f"only {found}"
    finally:
        await subscription.close()
    return found


def numbers_by_key(stored: Sequence[Stored]) -> dict[str, list[int]]:
    """The numbers of each key's records in the order they came."""
    found: dict[str, list[int]] = {}
    for one in stored:
        found.setdefault(one.record.key.decode(), []).append(int(one.record.value))
    return found
