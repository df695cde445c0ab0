"""Whether a database remembers all that its service told; an older copy of it does not.

A key's number in `event_stream` is committed together with the event that got it. A higher number
in the log is therefore an event that was told after the copy was taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from wareflow_events.broker import Broker, Stored, TopicPartition
from wareflow_events.event import Topic, topics
from wareflow_events.reading import header, key_of, number_of, pages_back


class Forgetful(RuntimeError):
    """The database is older than what its service told: whatever it told now would contradict."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What the log has of a partition and the database does not know."""

    start: int
    """Where in the log it begins; what is known may lie between."""
    events: int
    keys: frozenset[str]


def own_topics(service: str) -> list[Topic]:
    """The topics of a service whose events are numbered."""
    return [topic for topic in topics() if topic.service == service and topic.sequenced]


_KNOWN = "SELECT key, sequence FROM event_stream WHERE topic = $1 AND key = ANY($2::text[])"


async def known(
    connection: AsyncConnection, records: Sequence[Stored], *, lock: bool = False
) -> dict[str, int]:
    """How far the keys of records of one topic are remembered; `lock` holds their rows."""
    keys = sorted({key_of(stored) for stored in records})
    statement = f"{_KNOWN} ORDER BY key FOR UPDATE" if lock else _KNOWN
    topic = records[0].place.topic
    rows = await connection.exec_driver_sql(statement, (topic, keys))
    return {row.key: row.sequence for row in rows}


# Under a number that the log has given to another event, something was decided since the restore.
_RIVAL = """
SELECT EXISTS (
    SELECT FROM outbox WHERE topic = $1 AND key = $2 AND sequence = $3 AND event_id::text <> $4
)
"""


async def must_remember(engine: AsyncEngine, broker: Broker, service: str) -> None:
    """`Forgetful` when the newest event of some partition is not known; a look at each suffices.

    An event that was told after a copy was taken lies behind everything the copy knows of its
    partition, but for what the copy itself had still to send.
    """
    kept = [topic for topic in own_topics(service) if topic.retention is None]
    newest: list[Stored] = []
    for place, end in (await broker.ends(kept)).items():
        newest += await broker.read(place, start=end - 1, limit=1) if end else ()
    for stored in newest:
        if await _news(engine, [stored]) or await _has_rival(engine, stored):
            raise Forgetful(
                f"{stored.place.topic} has events that the database of {service} does not know:"
                f" it was restored from a copy. Stop {service}, bring it level with"
                f" `wareflow recover {service}`, and start it again"
            )


async def _has_rival(engine: AsyncEngine, stored: Stored) -> bool:
    event_id = header(stored, "ce_id").decode(errors="replace")
    number = (stored.place.topic, key_of(stored), number_of(stored), event_id)
    async with engine.connect() as connection:
        return (await connection.exec_driver_sql(_RIVAL, number)).scalar_one()


async def forgotten(
    engine: AsyncEngine, broker: Broker, topic: Topic
) -> dict[TopicPartition, Forgotten]:
    """What the log has of a topic that its owner's database does not know, by partition.

    The log is read before the database, so that what is told meanwhile is known.
    """
    found: dict[TopicPartition, Forgotten] = {}
    for place, end in (await broker.ends([topic])).items():
        part = Forgotten(end, 0, frozenset())
        async for page in pages_back(broker, place, end):
            news = await _news(engine, page)
            if not news:
                break
            keys = part.keys | {key_of(stored) for stored in news}
            part = Forgotten(news[0].offset, part.events + len(news), keys)
        if part.events:
            found[place] = part
    return found


async def _news(engine: AsyncEngine, records: Sequence[Stored]) -> list[Stored]:
    async with engine.connect() as connection:
        sequences = await known(connection, records)
    return [stored for stored in records if is_news(stored, sequences)]


def is_news(stored: Stored, sequences: Mapping[str, int]) -> bool:
    """Whether it lies beyond what is remembered of its key."""
    return number_of(stored) > sequences.get(key_of(stored), 0)
