"""The port to a broker: what the relay and the consumers need of Kafka, and no more.

Adapters are `kafka` and `postgres`; both pass the one contract suite in `testing`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from wareflow_events.event import Topic


class TopicPartition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Record:
    """What is appended: records of one key stay in order."""

    topic: str
    key: bytes
    headers: tuple[tuple[str, bytes], ...]
    value: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """A record in the log, at its offset within its partition."""

    place: TopicPartition
    offset: int
    record: Record


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next records of one partition: those from `start` up to, not including, `end`."""

    place: TopicPartition
    start: int
    """The position this group held; the first record may lie behind it where old ones expired."""
    end: int
    records: Sequence[Stored]


class Producer(Protocol):
    """Appends records; one leader uses it at a time."""

    async def send(self, records: Sequence[Record]) -> None:
        """Return when every record is durable, those of a key in the order given.

        Raises when that is not certain; any of them may then be stored, none twice in a row out
        of order: sending the same sequence again to a new producer is safe.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; what was not acknowledged is unknown."""
        ...


class Subscription(Protocol):
    """One member of a consumer group."""

    async def fetch(self, *, limit: int, wait: float) -> Sequence[Chunk]:
        """Up to about `limit` records of partitions that this member holds and that do not rest.

        Waits at most about `wait` seconds for the first. Until `settle` is called the partitions
        stay with this member, as far as the broker can promise that.
        """
        ...

    async def settle(
        self, positions: Mapping[TopicPartition, int], *, rest: Mapping[TopicPartition, float]
    ) -> None:
        """Say where each fetched partition goes on from, and how many seconds it rests."""
        ...

    async def close(self) -> None:
        """Leave the group."""
        ...


Starts = Callable[[Sequence[TopicPartition]], Awaitable[Mapping[TopicPartition, int]]]
"""Asked on assignment: where does this group stand in these partitions?"""


class Broker(Protocol):
    """A durable log with topics, partitions and consumer groups."""

    async def ensure_topics(self, topics: Iterable[Topic]) -> None:
        """Make missing topics; `PartitionMismatch` when one exists with another partition count."""
        ...

    async def producer(self) -> Producer:
        """A producer with connections of its own."""
        ...

    async def subscribe(
        self, group: str, topics: Sequence[Topic], *, starts: Starts
    ) -> Subscription:
        """Join a consumer group."""
        ...

    async def ends(self, topics: Sequence[Topic]) -> Mapping[TopicPartition, int]:
        """The offset after the last record, of every partition."""
        ...

    async def read(self, place: TopicPartition, *, start: int, limit: int) -> Sequence[Stored]:
        """Records from `start` on, outside any group."""
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


class PartitionMismatch(RuntimeError):
    """A topic exists with another number of partitions than it is declared with."""


class RetentionMismatch(RuntimeError):
    """A topic exists that forgets its records earlier than it is declared to."""


class LogTruncated(RuntimeError):
    """A group stands behind the end of a partition: it is another log, or it lost its tail."""
