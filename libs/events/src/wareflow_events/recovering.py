"""Recovering: a service whose database is an older copy takes back from the log what it told since.

Each event is taken back in the transaction that raises its key's number in `event_stream`, in the
order of the key: running it again takes back nothing, and a crash leaves what is left to do.
Nothing is published. What others told since comes by itself when the service starts: its consumers
stand where they stood when the copy was taken. They hear it as a replay, since it may have been
answered before.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from wareflow_events import inbox
from wareflow_events.batch import heard_of
from wareflow_events.broker import Broker, Stored
from wareflow_events.envelope import Envelope, Malformed, from_record
from wareflow_events.event import Event, Topic
from wareflow_events.handlers import ConsumerGroup, Heard
from wareflow_events.reading import (
    batches,
    by_time,
    header,
    key_of,
    number_of,
    pages_back,
    span,
)
from wareflow_events.recovery import Recall, Recollection, Recovery
from wareflow_events.relay import LEADER_LOCK
from wareflow_events.remembered import forgotten, known
from wareflow_events.transaction import Transaction, Transactions


class Unrecovered(RuntimeError):
    """The database is not level yet; the message says what to do."""


class StillRunning(Unrecovered):
    """The service's relay leads: stop its processes first."""


class WorkedSince(Unrecovered):
    """The service decided something between the restore and its recovery; restore it once more."""


class NotTakenBack(Unrecovered):
    """An event of the log cannot be taken back; the message says where it is, and why."""


class LogHasGap(Unrecovered):
    """An event that the database does not know is missing in the log."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What came back of a topic."""

    topic: str
    events: int
    keys: int


async def missing(
    transactions: Transactions, recovery: Recovery, broker: Broker
) -> AsyncIterator[TakenBack]:
    """What there is to take back, topic by topic; changes nothing."""
    for recall in recovery.recalls:
        parts = (await forgotten(transactions.engine, broker, recall.topic)).values()
        keys = frozenset[str]().union(*(part.keys for part in parts))
        yield TakenBack(recall.topic.name, sum(part.events for part in parts), len(keys))


async def recover(
    transactions: Transactions,
    recovery: Recovery,
    groups: Sequence[ConsumerGroup],
    broker: Broker,
) -> AsyncIterator[TakenBack]:
    """Bring a stopped service's database level with what it told; what came back, by topic.

    `Unrecovered` (`StillRunning`, `WorkedSince`, `LogHasGap`, `NotTakenBack`) when it cannot be
    done; what was taken back until then stays, and the next run goes on from there.
    """
    async with _alone(transactions.engine, recovery.service):
        await _empty_outbox(transactions, recovery, broker)
        await _hear_as_replay(transactions, groups, broker)
        if recovery.before is not None:
            await _hear(transactions, recovery.before, broker)
        for recall in recovery.recalls:
            yield await _take_back(transactions, recovery, recall, broker)
        for recollection in recovery.recollections:
            yield await _recollect(transactions, recollection, broker)
        async with transactions.begin(silent=True) as tx:
            await recovery.after(tx)


@asynccontextmanager
async def _alone(engine: AsyncEngine, service: str) -> AsyncGenerator[None]:
    """While the relay's lock is ours no relay leads, and where one does we do not begin."""
    async with engine.connect() as connection:
        taken = await connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({LEADER_LOCK})")
        alone: bool = taken.scalar_one()
        await connection.commit()
        if not alone:
            raise StillRunning(f"{service} is running: stop its processes first")
        try:
            yield
        finally:
            _ = await connection.exec_driver_sql(f"SELECT pg_advisory_unlock({LEADER_LOCK})")


_WAITING = "SELECT topic, key, sequence, event_id FROM outbox WHERE sequence IS NOT NULL"
_SENT = "DELETE FROM outbox WHERE event_id = ANY($1::uuid[])"


async def _empty_outbox(transactions: Transactions, recovery: Recovery, broker: Broker) -> None:
    """Forget what the copy had still to send and the log has.

    An event that waits under a number which the log has given to another was decided since.
    """
    async with transactions.engine.connect() as connection:
        rows = (await connection.exec_driver_sql(_WAITING)).all()
    waiting = {(row.topic, row.key, row.sequence): str(row.event_id) for row in rows}
    sent: list[str] = []
    for recall in recovery.recalls if waiting else ():
        for place, end in (await broker.ends([recall.topic])).items():
            async for page in pages_back(broker, place, end):
                met = [stored for stored in page if _number(stored) in waiting]
                _refuse_rivals(recovery.service, met, waiting)
                sent += map(_id, met)
                if not met:
                    break
    async with transactions.begin(silent=True) as tx:
        connection = await tx.session.connection()
        _ = await connection.exec_driver_sql(_SENT, (sent,))


def _refuse_rivals(
    service: str, met: Sequence[Stored], waiting: Mapping[tuple[str, str, int], str]
) -> None:
    for stored in met:
        if waiting[_number(stored)] != _id(stored):
            raise WorkedSince(
                f"{service} has told {key_of(stored)} of {stored.place.topic} anew since it was"
                " restored: restore the copy once more, without starting it"
            )


def _number(stored: Stored) -> tuple[str, str, int]:
    return stored.place.topic, key_of(stored), number_of(stored)


def _id(stored: Stored) -> str:
    return header(stored, "ce_id").decode(errors="replace")


_AS_REPLAY = """
UPDATE consumer_offset o SET replay_until = greatest(o.replay_until, e.until)
FROM consumer c, unnest($2::text[], $3::int[], $4::bigint[]) AS e (topic, partition, until)
WHERE c.name = $1 AND o.consumer_id = c.id
  AND o.topic = e.topic AND o.partition = e.partition
"""


async def _hear_as_replay(
    transactions: Transactions, groups: Sequence[ConsumerGroup], broker: Broker
) -> None:
    """What was told up to now may have been heard, and answered, before."""
    for group in groups:
        ends = await broker.ends(group.topics)
        async with transactions.begin(silent=True) as tx:
            connection = await tx.session.connection()
            _ = await inbox.register(connection, consumer=group.name, ends=ends)
            columns = (
                [place.topic for place in ends],
                [place.partition for place in ends],
                list(ends.values()),
            )
            _ = await connection.exec_driver_sql(_AS_REPLAY, (group.name, *columns))


async def _hear(transactions: Transactions, group: ConsumerGroup, broker: Broker) -> None:
    """Apply what the group has not heard, without moving it: it hears it again when it runs."""
    async with transactions.engine.connect() as connection:
        stands = await inbox.stands(connection, consumer=group.name)
    for place, end in (await broker.ends(group.topics)).items():
        async for batch in batches(span(broker, place, stands.get(place, 0), end)):
            try:
                await _apply(transactions, group, batch)
            except Exception:  # noqa: BLE001  the culprit becomes a dead letter when it is heard
                for stored in batch:
                    with suppress(Exception):
                        await _apply(transactions, group, [stored])


async def _apply(transactions: Transactions, group: ConsumerGroup, batch: Sequence[Stored]) -> None:
    opened = [(group.by_type.get(e.type), e) for e in map(_open, batch)]
    async with transactions.begin(silent=True) as tx:
        for handler, run in groupby(opened, key=lambda one: one[0]):
            if handler is not None:
                await handler.handle(tx, [heard_of(e, replay=True) for _, e in run])


async def _take_back(
    transactions: Transactions, recovery: Recovery, recall: Recall, broker: Broker
) -> TakenBack:
    parts = await forgotten(transactions.engine, broker, recall.topic)
    ends = await broker.ends([recall.topic])
    # Over all partitions by time: what was decided about one key may have made room for another.
    lines = [span(broker, place, part.start, ends[place]) for place, part in parts.items()]
    async for batch in batches(by_time(lines)):
        async with transactions.begin(silent=True) as tx:
            await _take(tx, recovery, recall, batch)
    keys = frozenset[str]().union(*(part.keys for part in parts.values()))
    return TakenBack(recall.topic.name, sum(p.events for p in parts.values()), len(keys))


async def _take(
    tx: Transaction, recovery: Recovery, recall: Recall, batch: Sequence[Stored]
) -> None:
    connection = await tx.session.connection()
    numbers = await known(connection, batch, lock=True)
    fresh = [s for s in batch if _follows(s, numbers, may_skip=recall.topic.retention is not None)]
    if fresh:
        await _hand_over(tx, recovery, recall, fresh)
        await _remember(connection, recall.topic, numbers)


async def _hand_over(
    tx: Transaction, recovery: Recovery, recall: Recall, fresh: Sequence[Stored]
) -> None:
    try:
        heard = [heard_of(envelope, replay=True) for envelope in map(_open, fresh)]
        wanted = [one for one in heard if type(one.event) not in recovery.nothing]
        if wanted:
            await recall.take(tx, wanted)
        await tx.session.flush()
    except Exception as error:
        where = f"{recall.topic.name}, {fresh[0].place.partition} from {fresh[0].offset} on"
        raise NotTakenBack(f"{where}: {error!r}") from error


def _follows(stored: Stored, numbers: dict[str, int], *, may_skip: bool) -> bool:
    """Whether it is the next of its key, which counts along; what is known is none."""
    key, number = key_of(stored), number_of(stored)
    last = numbers.get(key, 0)
    if number <= last:
        return False
    if number != last + 1 and not may_skip:
        raise LogHasGap(f"{stored.place.topic} {key}: {number} follows {last}")
    numbers[key] = number
    return True


_REMEMBER = """
INSERT INTO event_stream AS s (topic, key, sequence)
SELECT $1, key, sequence FROM unnest($2::text[], $3::bigint[]) AS n (key, sequence) ORDER BY key
ON CONFLICT (topic, key) DO UPDATE SET sequence = greatest(s.sequence, excluded.sequence)
"""


async def _remember(connection: AsyncConnection, topic: Topic, numbers: Mapping[str, int]) -> None:
    columns = (list(numbers), list(numbers.values()))
    _ = await connection.exec_driver_sql(_REMEMBER, (topic.name, *columns))


async def _recollect(
    transactions: Transactions, recollection: Recollection, broker: Broker
) -> TakenBack:
    """Back from the end, page by page, until one brings nothing new."""
    topic, found, keys = recollection.event.TOPIC, 0, set[str]()
    for place, end in (await broker.ends([topic])).items():
        async for page in pages_back(broker, place, end):
            async with transactions.begin(silent=True) as tx:
                news = await recollection.take(tx, _readable(page))
            if not news:
                break
            found += news
            keys |= {key_of(stored) for stored in page}
    return TakenBack(topic.name, found, len(keys))


def _readable(page: Sequence[Stored]) -> list[Heard[Event]]:
    found: list[Heard[Event]] = []
    for stored in page:
        with suppress(Malformed):  # no event of ours; nobody can apply it
            found.append(heard_of(_open(stored), replay=True))
    return found


def _open(stored: Stored) -> Envelope:
    return from_record(stored.record)
