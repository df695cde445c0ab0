"""What became of each record in each group, and whether it may have become that."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from tests.hostile.event_breaks import Must
from tests.hostile.event_records import AGAIN
from tests.hostile.event_stage import Hearing, Placed, Stage

from wareflow_events.broker import Stored, TopicPartition
from wareflow_events.deadletter import id_of
from wareflow_events.envelope import Malformed, from_record
from wareflow_events.handlers import ConsumerGroup

_WAITS = "waits behind"

Kept: TypeAlias = dict[tuple[UUID, str], tuple[TopicPartition, int]]
"""Where the dead letter stands, of each event and topic that has one."""


class Fate(StrEnum):
    """What can become of a record."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    DEAD = "dead"
    PARKED = "parked"
    LOST = "lost"


@dataclass
class Fates:
    """The books of a run."""

    counts: Counter[Fate] = field(default_factory=Counter[Fate])
    reasons: Counter[str] = field(default_factory=Counter[str])
    """Why records died, by the kind of error."""
    examples: dict[str, str] = field(default_factory=dict[str, str])
    wrong: list[str] = field(default_factory=list[str])
    """Records that ended otherwise than they must."""
    _last: dict[str, int] = field(default_factory=dict[str, int])
    _seen: dict[str, set[UUID]] = field(default_factory=dict[str, set[UUID]])

    async def write_down(self, stage: Stage, placed: Sequence[Placed]) -> None:
        """What became of these records, the latest that were sent."""
        for hearing in stage.hearings:
            await self._of(hearing, placed)

    async def _of(self, hearing: Hearing, placed: Sequence[Placed]) -> None:
        letters = await self._letters(hearing)
        kept = await _kept_ids(hearing)
        topics = {topic.name for topic in hearing.group.topics}
        mine = [one for one in placed if one[0].topic in topics]
        taken = await _in_inbox(hearing, [i for p in mine if (i := _id_of(p)) is not None])
        seen = self._seen.setdefault(hearing.group.name, set())
        for one in mine:
            error = letters.get((one[0], one[1]))
            fate = fate_of(hearing.group, one, error, taken, seen, kept)
            self.counts[fate] += 1
            if fate is Fate.DEAD:
                kind = (error or "").partition(":")[0]
                self.reasons[kind] += 1
                _ = self.examples.setdefault(kind, f"{one[2].way}, {one[2].type}: {error}")
            if not _may_be(hearing, one, fate):
                place = f"{one[0].topic}/{one[0].partition}@{one[1]}"
                self.wrong.append(f"{one[2].way} ({one[2].type}) is {fate} at"
                                  f" {hearing.group.name}, {place}: {error}")  # fmt: skip

    async def _letters(self, hearing: Hearing) -> dict[tuple[TopicPartition, int], str]:
        name = hearing.group.name
        query = (
            'SELECT id, topic, partition, "offset", error FROM dead_letter'
            " WHERE consumer = $1 AND id > $2 ORDER BY id"
        )
        async with hearing.transactions.engine.connect() as connection:
            rows = (await connection.exec_driver_sql(query, (name, self._last.get(name, 0)))).all()
        if rows:
            self._last[name] = rows[-1].id
        return {(TopicPartition(r.topic, r.partition), r.offset): r.error for r in rows}


async def parks_without_letters(stage: Stage) -> list[str]:
    """Keys that are parked with nothing to redrive: what follows would wait for ever."""
    query = (
        "SELECT consumer, topic, key FROM parked_key p WHERE NOT EXISTS (SELECT FROM dead_letter d"
        " WHERE d.consumer = p.consumer AND d.topic = p.topic AND d.key = p.key)"
    )
    found: list[str] = []
    for transactions in {h.service: h.transactions for h in stage.hearings}.values():
        async with transactions.engine.connect() as connection:
            rows = (await connection.exec_driver_sql(query)).all()
            found += [f"{row.consumer}: {row.key!r} of {row.topic}" for row in rows]
    return found


async def _kept_ids(hearing: Hearing) -> Kept:
    query = 'SELECT event_id, topic, partition, "offset" FROM dead_letter WHERE consumer = $1'
    async with hearing.transactions.engine.connect() as connection:
        rows = await connection.exec_driver_sql(query, (hearing.group.name,))
        return {
            (r.event_id, r.topic): (TopicPartition(r.topic, r.partition), r.offset) for r in rows
        }


async def _in_inbox(hearing: Hearing, ids: Sequence[UUID]) -> set[UUID]:
    query = (
        "SELECT event_id FROM inbox i JOIN consumer c ON c.id = i.consumer_id"
        " WHERE c.name = $1 AND event_id = ANY($2::uuid[])"
    )
    async with hearing.transactions.engine.connect() as connection:
        rows = await connection.exec_driver_sql(query, (hearing.group.name, list(ids)))
        return set(rows.scalars())


def _id_of(placed: Placed) -> UUID | None:
    try:
        return from_record(placed[2].record).id
    except Malformed:
        return None


def fate_of(
    group: ConsumerGroup,
    placed: Placed,
    error: str | None,
    taken: set[UUID],
    seen: set[UUID],
    kept: Kept,
) -> Fate:
    """What became of a record in a group, by its `error`, the ids that the inbox has `taken`, those
    `seen` before, and the letters that are `kept`.
    """
    if error is not None:
        return Fate.PARKED if error.startswith(_WAITS) else Fate.DEAD
    at, offset, sent = placed
    letter_at, letter = kept.get((id_of(Stored(at, offset, sent.record)), at.topic), (at, offset))
    if letter_at != at or letter < offset:  # and not of the same again, which came after it
        return Fate.DUPLICATE
    try:
        envelope = from_record(sent.record)
    except Malformed:
        return Fate.LOST
    if envelope.type not in group.by_type:
        return Fate.SKIPPED
    if envelope.id not in taken:
        return Fate.LOST
    if envelope.id in seen:
        return Fate.DUPLICATE
    seen.add(envelope.id)
    return Fate.APPLIED


def _may_be(hearing: Hearing, placed: Placed, fate: Fate) -> bool:
    if fate is Fate.LOST:
        return False
    if fate is Fate.PARKED or (fate is Fate.DUPLICATE and placed[2].way == AGAIN):
        return True  # behind another of its key, or that one itself
    handled = placed[2].type in hearing.group.by_type
    match placed[2].must:
        case Must.DIE:
            return fate is Fate.DEAD
        case Must.DIE_WHERE_HANDLED:
            return fate is (Fate.DEAD if handled else Fate.SKIPPED)
        case Must.BE_SKIPPED:
            return fate is Fate.SKIPPED
        case Must.HAVE_A_FATE:
            return True
