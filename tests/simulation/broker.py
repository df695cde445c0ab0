"""A log in memory behind the broker's port: durable, in order per partition, and full of mishaps.

It keeps every promise that the port makes and no other: records are late, whole batches come
twice, a member loses its partitions without being asked, a crash cuts a batch in two.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from wareflow_events.broker import (
    Chunk,
    PartitionMismatch,
    Producer,
    Record,
    Starts,
    Stored,
    TopicPartition,
)
from wareflow_events.event import Topic
from wareflow_events.holdings import Holdings
from wareflow_events.partitioner import partition_of

Owner = object
"""Whoever a client belongs to; when it dies its members are forgotten."""


class Mishaps(Protocol):
    """What goes wrong with the log."""

    def lateness(self) -> float:
        """Seconds until a record can be fetched, at the earliest."""
        ...

    def stored_of(self, count: int) -> int:
        """How many of so many records are stored before the log crashes; all: it does not."""
        ...

    def comes_twice(self) -> bool:
        """Whether a batch is stored a second time, as by a leader that has lost its lock."""
        ...

    def loses_partitions(self) -> bool:
        """Whether a member is taken what it holds."""
        ...


class Calm:
    """Nothing goes wrong."""

    def lateness(self) -> float:
        """At once."""
        return 0.0

    def stored_of(self, count: int) -> int:
        """All."""
        return count

    def comes_twice(self) -> bool:
        """Never."""
        return False

    def loses_partitions(self) -> bool:
        """Never."""
        return False


@dataclass(eq=False)
class _Partition:
    records: list[Stored] = field(default_factory=list[Stored])
    visible_at: list[float] = field(default_factory=list[float])

    def visible(self, start: int, now: float) -> int:
        """Up to where records can be fetched."""
        end = start
        while end < len(self.records) and self.visible_at[end] <= now:
            end += 1
        return end


@dataclass(eq=False)
class _Group:
    members: "list[_Member]" = field(default_factory=list["_Member"])

    def share_out(self, places: Sequence[TopicPartition]) -> None:
        """Give every partition to one member, round and round; all lose what they hold."""
        for number, member in enumerate(self.members):
            member.given = [
                place for n, place in enumerate(places) if n % len(self.members) == number
            ]
            member.holdings.drop()
            member.asked = False
            member.wake()


class SimLog:
    """What all clients share; it survives them."""

    def __init__(self, *, mishaps: Mishaps, time: Callable[[], float]) -> None:
        self.mishaps = mishaps
        self.time = time
        self._topics: dict[str, Topic] = {}
        self._partitions: dict[TopicPartition, _Partition] = {}
        self._groups: dict[str, _Group] = {}
        self.appended = 0
        self.crashes = 0
        """Clients from before the last one are cut off."""

    def crash(self) -> None:
        """It breaks down and comes back: what is stored stays, connections do not."""
        self.crashes += 1
        for group in self._groups.values():
            group.members.clear()

    def disown(self) -> None:
        """Every group shares anew."""
        for group in self._groups.values():
            for member in group.members[:1]:
                self.shuffle(member)

    def history(self) -> list[Record]:
        """All records, in an order that keeps every partition's."""
        places = sorted(self._partitions)
        return [stored.record for place in places for stored in self._partitions[place].records]

    def ensure(self, topics: Iterable[Topic]) -> None:
        """Make what is missing."""
        for topic in topics:
            there = self._topics.setdefault(topic.name, topic)
            if there.partitions != topic.partitions:
                raise PartitionMismatch(f"{topic.name} has {there.partitions} partitions")
            for number in range(topic.partitions):
                _ = self._partitions.setdefault(TopicPartition(topic.name, number), _Partition())

    def places(self, topics: Sequence[Topic]) -> list[TopicPartition]:
        """The partitions of topics."""
        return [TopicPartition(t.name, n) for t in topics for n in range(t.partitions)]

    def end(self, place: TopicPartition) -> int:
        """The offset after the last record, visible or not."""
        return len(self._partitions[place].records)

    def read(self, place: TopicPartition, start: int, limit: int) -> list[Stored]:
        """Records, however late they are for others."""
        return self._partitions[place].records[start : start + limit]

    def append(self, records: Sequence[Record]) -> None:
        """Store them; each can be fetched somewhat later, never before the one it follows."""
        now = self.time()
        for record in records:
            number = partition_of(record.key, self._topics[record.topic].partitions)
            place = TopicPartition(record.topic, number)
            partition = self._partitions[place]
            latest = partition.visible_at[-1] if partition.visible_at else now
            partition.visible_at.append(max(latest, now + self.mishaps.lateness()))
            partition.records.append(Stored(place, len(partition.records), record))
        self.appended += len(records)
        self._wake_all()

    def _wake_all(self) -> None:
        for group in self._groups.values():
            for member in group.members:
                member.wake()

    def fetchable(self, place: TopicPartition, start: int, limit: int) -> list[Stored]:
        """Records that a member gets by now."""
        partition = self._partitions[place]
        return partition.records[start : min(partition.visible(start, self.time()), start + limit)]

    def next_visible(self, place: TopicPartition, start: int) -> float | None:
        """When the next record can be fetched; None if there is none."""
        times = self._partitions[place].visible_at
        return times[start] if start < len(times) else None

    def join(self, member: "_Member") -> None:
        """A member comes: the group shares anew."""
        group = self._groups.setdefault(member.group, _Group())
        group.members.append(member)
        group.share_out(self.places(member.topics))

    def leave(self, member: "_Member") -> None:
        """A member goes, or is thought to be gone: the others share what it held."""
        group = self._groups[member.group]
        if member in group.members:
            group.members.remove(member)
            group.share_out(self.places(member.topics))

    def shuffle(self, member: "_Member") -> None:
        """The group shares anew for no reason; the shares are other ones."""
        group = self._groups[member.group]
        group.members.append(group.members.pop(0))
        group.share_out(self.places(member.topics))


class SimBroker:
    """A client of the log, as one process has it."""

    def __init__(self, log: SimLog, *, reach: Callable[[str], Awaitable[None]]) -> None:
        self._log = log
        self._reach = reach
        self._members: list[_Member] = []

    async def ensure_topics(self, topics: Iterable[Topic]) -> None:
        """Make missing topics."""
        self._log.ensure(topics)

    async def producer(self) -> Producer:
        """A producer."""
        return _Producer(self._log, self._reach)

    async def subscribe(self, group: str, topics: Sequence[Topic], *, starts: Starts) -> "_Member":
        """Join a group."""
        member = _Member(self._log, group, topics, starts=starts, reach=self._reach)
        self._members.append(member)
        self._log.join(member)
        return member

    async def ends(self, topics: Sequence[Topic]) -> Mapping[TopicPartition, int]:
        """The offset after the last record, of every partition."""
        await self._reach("log: ends")
        return {place: self._log.end(place) for place in self._log.places(topics)}

    async def read(self, place: TopicPartition, *, start: int, limit: int) -> Sequence[Stored]:
        """Records from `start` on."""
        return self._log.read(place, start, limit)

    def die(self) -> None:
        """The process is gone; the log notices."""
        for member in self._members:
            self._log.leave(member)

    async def close(self) -> None:
        """Nothing is open."""


class _Line:
    """A connection to the log; it lasts until the log crashes."""

    def __init__(self, log: SimLog, reach: Callable[[str], Awaitable[None]]) -> None:
        self._log = log
        self._reach = reach
        self._crashes = log.crashes

    async def reach(self, what: str) -> None:
        """Wait for the turn; `ConnectionResetError` when the connection is gone."""
        self.check()
        await self._reach(f"log: {what}")
        self.check()

    def check(self) -> None:
        if self._crashes != self._log.crashes:
            raise ConnectionResetError("the log has been down")


class _Producer:
    def __init__(self, log: SimLog, reach: Callable[[str], Awaitable[None]]) -> None:
        self._log = log
        self._line = _Line(log, reach)

    async def send(self, records: Sequence[Record]) -> None:
        await self._line.reach(f"send {len(records)}")
        stored = self._log.mishaps.stored_of(len(records))
        self._log.append(records[:stored])
        if stored < len(records):
            self._log.crash()
            raise ConnectionResetError(f"the log broke off after {stored} of {len(records)}")
        if self._log.mishaps.comes_twice():
            self._log.append(records)
        await self._line.reach("sent")

    async def close(self) -> None:
        pass


class _Member:
    def __init__(
        self,
        log: SimLog,
        group: str,
        topics: Sequence[Topic],
        *,
        starts: Starts,
        reach: Callable[[str], Awaitable[None]],
    ) -> None:
        self.group = group
        self.topics = topics
        self.holdings = Holdings()
        self.given: list[TopicPartition] = []
        self.asked = False
        """Whether it was asked where the group stands in what it was given."""
        self._log = log
        self._starts = starts
        self._line = _Line(log, reach)
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There may be something to fetch."""
        self._woken.set()

    async def fetch(self, *, limit: int, wait: float) -> Sequence[Chunk]:
        self._line.check()
        if self._log.mishaps.loses_partitions():
            self._log.shuffle(self)
        await self._ask()
        until = self._log.time() + wait
        while True:
            self._line.check()
            self._woken.clear()
            if chunks := self._take(limit):
                return chunks
            pause = min(until, self._next()) - self._log.time()
            if pause <= 0:
                return ()
            try:
                async with asyncio.timeout(pause):
                    _ = await self._woken.wait()
            except TimeoutError:
                continue
            if not self.asked:
                return ()

    async def _ask(self) -> None:
        while not self.asked:
            self.asked, given = True, self.given
            positions = await self._starts(given)
            if self.asked and self.given is given:
                self.holdings.hold({place: positions[place] for place in given})

    def _take(self, limit: int) -> list[Chunk]:
        chunks: list[Chunk] = []
        positions = self.holdings.positions
        for place in self.holdings.free(self._log.time()):
            records = self._log.fetchable(place, positions[place], limit)
            found = self.holdings.take(place, records) if records else None
            if isinstance(found, Chunk):
                chunks.append(found)
                limit -= len(found.records)
        return chunks

    def _next(self) -> float:
        """When something else can be fetched, by what is known now."""
        now, positions = self._log.time(), self.holdings.positions
        times: list[float] = [
            at
            for place in self.holdings.free(now)
            if (at := self._log.next_visible(place, positions[place])) is not None
        ]
        rest = self.holdings.next_free(now)
        if rest is not None:
            times.append(now + rest)
        return min(times, default=float("inf"))

    async def settle(
        self, positions: Mapping[TopicPartition, int], *, rest: Mapping[TopicPartition, float]
    ) -> None:
        await self._line.reach("settle")
        _ = self.holdings.settle(positions, rest, now=self._log.time())

    async def close(self) -> None:
        self._log.leave(self)
