"""A member of a consumer group on Kafka: fetch, settle, and what a rebalance gives and takes."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import OffsetAndMetadata
from aiokafka.structs import TopicPartition as KafkaPlace

from wareflow_events.broker import Chunk, LogTruncated, Starts, TopicPartition
from wareflow_events.event import Topic
from wareflow_events.holdings import Holdings
from wareflow_events.kafka.closing import end_task, stop_consumer
from wareflow_events.kafka.reader import Reader, stored_of

_LOG = structlog.get_logger("wareflow.kafka")
DRAIN = 20.0
_COMMIT_EVERY = 0.5
_SESSION_MS = 10_000
_REBALANCE_MS = 60_000  # longer than DRAIN; aiokafka's default is the session time
_POLL_INTERVAL_MS = 600_000  # longer than the worst batch, with a database that does not answer


def connect(
    client: Mapping[str, Any],
    group: str,
    topics: Sequence[Topic],
    *,
    starts: Starts,
    reader: Reader,
    drain: float,
) -> "KafkaSubscription":
    """A member that joins in the background."""
    consumer: Any = AIOKafkaConsumer(
        **client,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="none",
        partition_assignment_strategy=(RoundRobinPartitionAssignor,),
        session_timeout_ms=_SESSION_MS,
        heartbeat_interval_ms=_SESSION_MS // 5,
        rebalance_timeout_ms=_REBALANCE_MS,
        max_poll_interval_ms=_POLL_INTERVAL_MS,
        fetch_max_wait_ms=100,
        fetch_max_bytes=8 * 1024 * 1024,
        max_partition_fetch_bytes=1024 * 1024,
    )
    subscription = KafkaSubscription(consumer, group, starts=starts, reader=reader, drain=drain)
    consumer.subscribe([topic.name for topic in topics], listener=subscription)
    subscription.join()
    return subscription


class KafkaSubscription(ConsumerRebalanceListener):
    """A member of a group: holds what the group's rebalances give it."""

    def __init__(
        self, consumer: Any, group: str, *, starts: Starts, reader: Reader, drain: float
    ) -> None:
        self._consumer = consumer
        self._group = group
        self._starts = starts
        self._reader = reader
        self._drain = drain
        self._holdings = Holdings()
        self._joining: asyncio.Task[None] | None = None
        self._polling: asyncio.Task[Any] | None = None
        self._committing: asyncio.Task[None] | None = None
        self._committed: dict[TopicPartition, int] = {}
        self._commit_at = 0.0
        self._expired: list[Chunk] = []
        self._idle = asyncio.Event()
        self._idle.set()
        self._leaving = False
        self._broken: BaseException | None = None

    def join(self) -> None:
        """Begin to join; errors show in `fetch`."""
        self._joining = asyncio.create_task(self._consumer.start())

    async def fetch(self, *, limit: int, wait: float) -> Sequence[Chunk]:
        """Up to `limit` records of partitions that are held and do not rest."""
        self._commit_now_and_then()
        polled = await self._poll(limit, wait)
        if self._broken is not None:
            raise self._broken
        if self._leaving:
            return ()
        chunks, self._expired = self._expired, []
        for tp, records in polled.items():
            place = TopicPartition(tp.topic, tp.partition)
            found = self._holdings.take(place, [stored_of(place, r) for r in records])
            if isinstance(found, Chunk):
                chunks.append(found)
            elif found is not None:
                self._consumer.seek(tp, found)
        if chunks:
            self._idle.clear()
        return chunks

    async def _poll(self, limit: int, wait: float) -> Mapping[Any, Sequence[Any]]:
        """Records, or nothing yet; a poll that a rebalance holds up goes on in the background."""
        if self._joining is not None:
            if not (await asyncio.wait({self._joining}, timeout=wait))[0]:
                return {}
            joining, self._joining = self._joining, None
            joining.result()
        if self._polling is None:
            now = time.monotonic()
            free = self._holdings.free(now)
            if self._holdings and not free:
                await asyncio.sleep(min(wait, self._holdings.next_free(now) or wait))
                return {}
            self._polling = asyncio.create_task(
                self._consumer.getmany(
                    *(KafkaPlace(*place) for place in free),
                    timeout_ms=int(wait * 1000),
                    max_records=limit,
                )
            )
        done, _ = await asyncio.wait({self._polling}, timeout=wait + 0.1)
        if not done:
            return {}
        polling, self._polling = self._polling, None
        try:
            return polling.result()
        except NoOffsetForPartitionError:
            return {}  # just assigned: the listener is about to seek
        except OffsetOutOfRangeError as error:
            await self._out_of_range([TopicPartition(*place) for place in error.args[0]])
            return {}

    async def _out_of_range(self, places: Sequence[TopicPartition]) -> None:
        """Go past records that have expired; a position behind the end is not ours to mend."""
        positions = self._holdings.positions
        begins = await self._reader.begins(places)
        for place in places:
            chunk = self._holdings.expire(place, begins[place])
            if chunk is not None:
                self._expired.append(chunk)
                self._consumer.seek(KafkaPlace(*place), chunk.end)
            elif place in positions:
                end = (await self._reader.ends([place]))[place]
                if positions[place] > end:
                    raise LogTruncated(
                        f"{self._group} stands at {positions[place]}, but {place} ends at {end}"
                    )
                self._consumer.seek(KafkaPlace(*place), positions[place])

    async def settle(
        self, positions: Mapping[TopicPartition, int], *, rest: Mapping[TopicPartition, float]
    ) -> None:
        """Say where each fetched partition goes on; those that were lost meanwhile are ignored."""
        seek = self._holdings.settle(positions, rest, now=time.monotonic())
        for place, offset in seek.items():
            self._consumer.seek(KafkaPlace(*place), offset)
        self._idle.set()
        self._commit_now_and_then()

    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        revoked: Iterable[KafkaPlace],  # noqa: ARG002  all of them: rebalances are eager
    ) -> None:
        """Before a rebalance: wait for the batch in work, then hold nothing."""
        self._leaving = True
        with suppress(TimeoutError):
            async with asyncio.timeout(self._drain):
                _ = await self._idle.wait()
        await self._commit(limit=2.0)
        self._holdings.drop()
        self._expired.clear()
        self._idle.set()

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, assigned: Iterable[KafkaPlace]
    ) -> None:
        """After a rebalance: seek to where the group stands by the service's own rows."""
        places = sorted(TopicPartition(*place) for place in assigned)
        try:
            async with asyncio.timeout(_SESSION_MS / 1000):
                starts = await self._starts(places)  # also of none: it was given nothing
            positions = {place: starts[place] for place in places}
            for place, offset in positions.items():
                self._consumer.seek(KafkaPlace(*place), offset)
        except Exception as error:  # noqa: BLE001  aiokafka would log it and read on from anywhere
            self._broken = error
            return
        self._holdings.hold(positions)
        self._committed = {}
        self._leaving = False

    def _commit_now_and_then(self) -> None:
        now = time.monotonic()
        if now < self._commit_at or (self._committing and not self._committing.done()):
            return
        self._commit_at = now + _COMMIT_EVERY
        if self._holdings and self._holdings.positions != self._committed:
            self._committing = asyncio.create_task(self._commit(limit=5.0))

    async def _commit(self, *, limit: float) -> None:
        positions = self._holdings.positions
        changed = {p: n for p, n in positions.items() if self._committed.get(p) != n}
        if not changed:
            return
        offsets = {KafkaPlace(*p): OffsetAndMetadata(n, "") for p, n in changed.items()}
        try:
            async with asyncio.timeout(limit):
                await self._consumer.commit(offsets)
            self._committed = positions
        except (KafkaError, TimeoutError) as error:
            _LOG.debug("offsets not committed to Kafka", group=self._group, error=repr(error))

    async def close(self) -> None:
        """Leave the group; the batch in work is the caller's to finish before."""
        self._leaving = True
        self._idle.set()
        if self._joining is None:
            await self._commit(limit=2.0)
        for task in (self._joining, self._polling, self._committing):
            await end_task(task)
        self._holdings.drop()
        await stop_consumer(self._consumer)
