"""Collecting a batch of activities: the good ones are stored and told, the bad ones kept."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert

from analytics.model.activity import Activity, ActivityRow, BadActivity, Implausible
from wareflow_events.erasure import lock_subject
from wareflow_events.failpoints import failpoint
from wareflow_events.handlers import Heard
from wareflow_events.schemas.analytics import ActivityRecorded
from wareflow_events.transaction import Transaction

_MOST_KEPT = 16_384
"""Characters kept of what was not understood."""

_NOT_COMMITTED = failpoint("activity.stored_not_committed")


@dataclass(frozen=True, slots=True)
class Rejection:
    """A part of the batch that was not understood."""

    index: int
    reason: str


@dataclass(slots=True)
class Collected:
    """What became of a batch."""

    accepted: int = 0
    duplicates: int = 0
    rejected: list[Rejection] = field(default_factory=list[Rejection])


async def collect(tx: Transaction, *, batch: Sequence[object]) -> Collected:
    """Store what is understood, once; keep what is not, with the reason."""
    result = Collected()
    good: dict[UUID, Activity] = {}
    bad: list[dict[str, Any]] = []
    for index, raw in enumerate(batch):
        try:
            activity = Activity.model_validate(raw).at_a_plausible_time(now=tx.now)
        except (ValidationError, Implausible) as error:
            reason = _reason(error)
            result.rejected.append(Rejection(index, reason))
            bad.append(_kept(tx, raw, reason))
        else:
            result.duplicates += activity.event_id in good
            good[activity.event_id] = activity
    if bad:
        _ = await tx.session.execute(insert(BadActivity), bad)
    if good:
        await _leave_out_the_erased(tx, good)
        stored = await _store(tx, good, dict.fromkeys(good, tx.now))
        result.accepted = len(stored)
        result.duplicates += len(good) - len(stored)
        for activity_id in stored:
            tx.publish(good[activity_id].recorded(now=tx.now))
    _NOT_COMMITTED.reach()
    return result


async def recall(tx: Transaction, told: Sequence[Heard[ActivityRecorded]]) -> int:
    """Store again what a restored database has lost and was told; how many that were."""
    events = {one.event.activity_id: one.event for one in told}
    good = {
        activity_id: Activity(
            event_id=activity_id, **event.model_dump(exclude={"activity_id", "collected_at"})
        )
        for activity_id, event in events.items()
    }
    await _leave_out_the_erased(tx, good)
    return len(await _store(tx, good, {key: event.collected_at for key, event in events.items()}))


async def _leave_out_the_erased(tx: Transaction, good: dict[UUID, Activity]) -> None:
    """Cut the tie of late activities to people who were forgotten."""
    people = {a.customer_id for a in good.values() if a.customer_id is not None}
    erased = {person for person in sorted(people) if await lock_subject(tx, person)}
    for activity_id, activity in good.items():
        if activity.customer_id in erased:
            good[activity_id] = activity.of_nobody(tx.new_id())


async def _store(
    tx: Transaction, good: Mapping[UUID, Activity], collected_at: Mapping[UUID, datetime]
) -> list[UUID]:
    rows = [_row(activity, collected_at[key]) for key, activity in good.items()]
    statement = upsert(ActivityRow).on_conflict_do_nothing().returning(ActivityRow.activity_id)
    return list((await tx.session.scalars(statement, rows)).all())


def _row(activity: Activity, collected_at: datetime) -> dict[str, Any]:
    return {
        "activity_id": activity.event_id,
        "visitor_id": activity.visitor_id,
        "session_id": activity.session_id,
        "customer_id": activity.customer_id,
        "name": activity.name,
        "occurred_at": activity.occurred_at,
        "collected_at": collected_at,
        "channel": activity.channel,
        "test": activity.test,
        "product_id": activity.items[0].product_id if activity.items else None,
        "body": activity.model_dump(mode="json", exclude={"event_id"}),
    }


def _kept(tx: Transaction, raw: object, reason: str) -> dict[str, Any]:
    text = _text_of(raw).replace("\\u0000", "")
    return {
        "id": tx.new_id(),
        "received_at": tx.now,
        "reason": reason,
        "body": text[:_MOST_KEPT],
    }


def _text_of(raw: object) -> str:
    try:
        return orjson.dumps(raw).decode()
    except orjson.JSONEncodeError:  # a number over 64 bits, half a character: JSON all the same
        return json.dumps(raw)


def _reason(error: ValidationError | Implausible) -> str:
    if isinstance(error, Implausible):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    more = error.error_count() - 1
    return f"{where or 'event'}: {first['msg']}" + (f" (and {more} more)" if more else "")
