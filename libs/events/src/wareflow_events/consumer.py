"""The consumer: one loop per group that fetches, applies a batch, and settles where it stands.

A batch takes records of all partitions in one transaction, so that few events on many partitions
cost one commit. When it fails it is split, by partition first and then in halves, until the
culprit stands alone; only the partition of a passing fault rests meanwhile.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from wareflow_events import batch, deadletter, inbox, metrics
from wareflow_events.broker import Broker, Chunk, LogTruncated, Subscription, TopicPartition
from wareflow_events.failpoints import failpoint
from wareflow_events.faults import (
    backoff,
    breaks_a_constraint,
    is_lost_connection,
    is_transient,
    sleep,
)
from wareflow_events.handlers import ConsumerGroup, Handler, Heard, on, on_run
from wareflow_events.transaction import Transactions

__all__ = ["Consumer", "ConsumerGroup", "Handler", "Heard", "on", "on_run"]

_LOG = structlog.get_logger("wareflow.consumer")
_PATIENCE = 3
"""How often a lone event that broke a constraint is tried: a rival may have been half-way."""
_LOOK_EVERY = 3.0
"""Seconds after which a member looks whether a rebuild has set its group back: where a topic is
quiet, no batch would ever be fenced and so tell it."""
_MEASURE_EVERY = 15.0
_LEAVES_WITHIN = 60.0
_PACE = 0.1
"""Seconds from batch to batch of a group with derived tables, unless there is much to do: what is
read may be a little behind, and many events then cost one commit."""

_NOT_SETTLED = failpoint("consumer.committed_not_settled")
_NOT_PASSED = failpoint("deadletter.committed_not_passed")


class ClientStuck(RuntimeError):
    """This member is behind and fetches nothing; the process should end and be started anew."""


@dataclass(slots=True)
class _Outcome:
    positions: dict[TopicPartition, int] = field(default_factory=dict[TopicPartition, int])
    rest: dict[TopicPartition, float] = field(default_factory=dict[TopicPartition, float])

    def stand(self, chunk: Chunk, at: int, *, rest: float = 0.0) -> None:
        self.positions[chunk.place] = at
        if rest:
            self.rest[chunk.place] = rest


class Consumer:
    """Runs one consumer group of a service."""

    def __init__(
        self,
        *,
        group: ConsumerGroup,
        broker: Broker,
        transactions: Transactions,
        limit: int = 500,
        patience: float = 60.0,
    ) -> None:
        self.group = group
        self._broker = broker
        self._transactions = transactions
        self._limit = limit
        self._patience = patience
        self._attempts: dict[TopicPartition, int] = {}
        self._stands: dict[TopicPartition, int] | None = None
        """Where the partitions given to this member were left; None until it is given any."""
        self._progress = time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`; then finish the batch in work and leave the group.

        Broker and database faults are waited out; `ClientStuck` ends it when there is lag and
        nothing comes.
        """
        watch = asyncio.create_task(self._watch(stop))
        attend = asyncio.create_task(self._attend(stop))
        try:
            _ = await asyncio.wait({attend, watch}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
            await attend
        finally:
            for task in (watch, attend):
                _ = task.cancel()
            # Who is stuck may be so in leaving as well; its process must end all the same.
            _ = await asyncio.wait({watch, attend}, timeout=_LEAVES_WITHIN)

    async def _attend(self, stop: asyncio.Event) -> None:
        failures = 0
        while not stop.is_set():
            progress = self._progress
            try:
                await self._member(stop)
            except Exception as error:  # noqa: BLE001  any broken client is made anew
                failures = 1 if self._progress != progress else failures + 1
                metrics.CONSUMER_RESTARTS.labels(self.group.name).inc()
                _LOG.warning("consumer client restarts", group=self.group.name, error=repr(error))
                _ = await sleep(stop, backoff(failures, most=5.0))

    async def _member(self, stop: asyncio.Event) -> None:
        self._stands = None
        subscription = await self._broker.subscribe(
            self.group.name, self.group.topics, starts=self._given
        )
        looked = time.monotonic()
        try:
            while not stop.is_set():
                chunks = await subscription.fetch(limit=self._limit, wait=0.25)
                if chunks:
                    began = time.monotonic()
                    await self._step(subscription, chunks)
                    await self._keep_pace(stop, chunks, began)
                if time.monotonic() - looked > _LOOK_EVERY:
                    looked = time.monotonic()
                    if await self._is_set_back():
                        _LOG.info("consumer starts over", group=self.group.name)
                        return
        finally:
            await subscription.close()

    async def _keep_pace(self, stop: asyncio.Event, chunks: Sequence[Chunk], began: float) -> None:
        if self.group.derived and sum(len(chunk.records) for chunk in chunks) < self._limit / 2:
            _ = await sleep(stop, began + _PACE - time.monotonic())

    async def _given(self, places: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        positions = await self.positions(places)
        self._stands = dict(positions)
        return positions

    async def _is_set_back(self) -> bool:
        mine = self._stands or {}
        try:
            async with self._transactions.engine.connect() as connection:
                stands = await inbox.stands(connection, consumer=self.group.name)
        except Exception as error:  # noqa: BLE001  looked again next time
            _LOG.debug("standing unknown", group=self.group.name, error=repr(error))
            return False
        return any(stands.get(place, 0) < position for place, position in mine.items())

    async def _step(self, subscription: Subscription, chunks: Sequence[Chunk]) -> None:
        with metrics.CONSUMER_BATCH.labels(self.group.name).time():
            outcome = await self._apply(chunks)
        _NOT_SETTLED.reach(self.group.name)
        await subscription.settle(outcome.positions, rest=outcome.rest)
        if self._stands is not None:
            self._stands |= {p: n for p, n in outcome.positions.items() if p in self._stands}
        self._progress = time.monotonic()
        metrics.CONSUMER_PROGRESS.labels(self.group.name).set_to_current_time()

    async def positions(self, places: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Where the group stands by its own rows, made when missing.

        `LogTruncated` when that is behind the log's end: then nothing new would ever be read.
        """
        stands, ends = await self._stands_and_ends(places)
        if any(stands[place] > ends[place] for place in stands):
            ends = await self._broker.ends(self.group.topics)  # or others have just gone on
        for place, position in stands.items():
            if position > ends[place]:
                raise LogTruncated(
                    f"{self.group.name} stands at {position} of {place.topic}/{place.partition},"
                    f" which ends at {ends[place]}: is it the same log?"
                )
        return stands

    async def _stands_and_ends(
        self, places: Sequence[TopicPartition] | None = None
    ) -> tuple[dict[TopicPartition, int], Mapping[TopicPartition, int]]:
        ends = await self._broker.ends(self.group.topics)
        wanted = {place: ends[place] for place in (ends if places is None else places)}
        async with self._transactions.engine.begin() as connection:
            stands = await inbox.register(connection, consumer=self.group.name, ends=wanted)
        return stands, ends

    async def _apply(self, chunks: Sequence[Chunk]) -> _Outcome:
        outcome = _Outcome()
        try:
            await batch.apply(self._transactions, self.group, chunks)
        except inbox.Paused:
            for chunk in chunks:
                outcome.stand(chunk, chunk.start, rest=1.0)
        except inbox.Fenced as error:
            _LOG.info("consumer seeks", group=self.group.name, reason=str(error))
            outcome.positions.update(await self.positions([chunk.place for chunk in chunks]))
        except Exception as error:  # noqa: BLE001  sorted out below
            await self._split(chunks, error, outcome)
        else:
            for chunk in chunks:
                outcome.stand(chunk, chunk.end)
                _ = self._attempts.pop(chunk.place, None)
        return outcome

    async def _split(self, chunks: Sequence[Chunk], error: Exception, outcome: _Outcome) -> None:
        if is_lost_connection(error):
            for chunk in chunks:
                self._rest(chunk, error, outcome)
            return
        if len(chunks) > 1:
            for chunk in chunks:
                part = await self._apply([chunk])
                outcome.positions.update(part.positions)
                outcome.rest.update(part.rest)
            return
        chunk = chunks[0]
        if is_transient(error):
            self._rest(chunk, error, outcome)
        elif len(chunk.records) > 1:
            await self._halve(chunk, outcome)
        elif breaks_a_constraint(error) and self._tries(chunk) < _PATIENCE:
            self._rest(chunk, error, outcome)
        else:
            await self._bury(chunk, error, outcome)

    def _tries(self, chunk: Chunk) -> int:
        return self._attempts.get(chunk.place, 0)

    def _rest(self, chunk: Chunk, error: Exception, outcome: _Outcome) -> None:
        attempt = self._attempts[chunk.place] = self._tries(chunk) + 1
        pause = backoff(attempt)
        _LOG.warning(
            "consumer retries",
            group=self.group.name,
            partition=f"{chunk.place.topic}/{chunk.place.partition}",
            seconds=round(pause, 3),
            error=batch.describe(error),
        )
        metrics.CONSUMER_EVENTS.labels(self.group.name, chunk.place.topic, "retried").inc(
            len(chunk.records)
        )
        outcome.stand(chunk, chunk.start, rest=pause)

    async def _halve(self, chunk: Chunk, outcome: _Outcome) -> None:
        middle = len(chunk.records) // 2
        border = chunk.records[middle].offset
        halves = (
            Chunk(chunk.place, chunk.start, border, chunk.records[:middle]),
            Chunk(chunk.place, border, chunk.end, chunk.records[middle:]),
        )
        for half in halves:
            part = await self._apply([half])
            outcome.positions.update(part.positions)
            outcome.rest.update(part.rest)
            if part.positions[chunk.place] != half.end:
                return

    async def _bury(self, chunk: Chunk, error: Exception, outcome: _Outcome) -> None:
        try:
            await batch.bury(self._transactions, self.group, chunk, error)
        except inbox.Fenced:
            outcome.positions.update(await self.positions([chunk.place]))
        except Exception as again:  # noqa: BLE001  the dead letter itself could not be kept
            self._rest(chunk, again, outcome)
        else:
            _NOT_PASSED.reach(self.group.name)
            _LOG.error(
                "event kept as a dead letter",
                group=self.group.name,
                partition=f"{chunk.place.topic}/{chunk.place.partition}",
                offset=chunk.start,
                error=batch.describe(error),
            )
            _ = self._attempts.pop(chunk.place, None)
            outcome.stand(chunk, chunk.end)

    async def _watch(self, stop: asyncio.Event) -> None:
        """Measure lag, and notice a client that is stuck."""
        behind_since, before = time.monotonic(), (self._progress, 0)
        while not await sleep(stop, _MEASURE_EVERY):
            try:
                async with asyncio.timeout(_MEASURE_EVERY):
                    stands, ends = await self._measure()
            except Exception as error:  # noqa: BLE001  measured again next time
                _LOG.debug("lag unknown", group=self.group.name, error=repr(error))
                continue
            # What others hold is their affair; before anything was given, all of it is ours.
            mine = stands.keys() if self._stands is None else stands.keys() & self._stands.keys()
            behind = sum(ends[place] - stands[place] for place in mine)
            now = (self._progress, sum(stands[place] for place in mine))
            if now != before or behind <= 0:
                behind_since, before = time.monotonic(), now
            stuck = time.monotonic() - behind_since
            if stuck > self._patience:
                raise ClientStuck(
                    f"{self.group.name}: {behind} behind, no progress for {stuck:.0f} s"
                )

    async def _measure(
        self,
    ) -> tuple[dict[TopicPartition, int], Mapping[TopicPartition, int]]:
        stands, ends = await self._stands_and_ends()
        for topic in self.group.topics:
            places = [TopicPartition(topic.name, n) for n in range(topic.partitions)]
            lag = sum(max(0, ends[place] - stands[place]) for place in places)
            metrics.CONSUMER_LAG.labels(self.group.name, topic.name).set(lag)
        async with self._transactions.engine.connect() as connection:
            letters = await deadletter.open_letters(connection, consumer=self.group.name)
        metrics.DEAD_LETTERS.labels(self.group.name).set(letters)
        return stands, ends
