"""The last statement of a transaction: events, their deliveries, the answer that a key keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import DateTime, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from wareflow_sandbox.model.errors import KeyInUse
from wareflow_sandbox.store.idempotency import Kept

_TEXTS = ARRAY(Text)
_TIMES = ARRAY(DateTime(timezone=True))

# One statement, since every request pays for it.
_FINISH = text(
    """
    WITH kept AS (
        INSERT INTO idempotency_key (key, address, fingerprint, status, body, request_id, created)
        SELECT CAST(:key AS text), :address, :fingerprint, :status, :body, :request_id, :now
        WHERE CAST(:key AS text) IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING key
    ), told AS (
        INSERT INTO event (id, type, subject_id, payload, created)
        SELECT id, type, subject_id, payload, :now
        FROM unnest(:ids, :types, :subjects, :payloads) AS t (id, type, subject_id, payload)
        RETURNING id, type
    ), planned AS (
        INSERT INTO webhook_delivery (event_id, endpoint_id, due_at)
        SELECT told.id, endpoint.id, due.at
        FROM told
        JOIN unnest(:due, :due_at) AS due (event_id, at) ON due.event_id = told.id
        JOIN webhook_endpoint endpoint ON endpoint.enabled_events && ARRAY['*', told.type]
        ORDER BY told.id
        RETURNING id
    )
    SELECT (SELECT count(*) FROM kept) AS kept, (SELECT count(*) FROM planned) AS planned
    """
).bindparams(
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("ids", type_=_TEXTS),
    bindparam("types", type_=_TEXTS),
    bindparam("subjects", type_=_TEXTS),
    bindparam("payloads", type_=_TEXTS),
    bindparam("due", type_=_TEXTS),
    bindparam("due_at", type_=_TIMES),
)


@dataclass(frozen=True)
class Line:
    """An event as it is stored."""

    id: str
    type: str
    subject_id: str
    payload: str


async def finish(
    session: AsyncSession,
    *,
    now: datetime,
    told: Sequence[Line],
    due: Sequence[tuple[str, datetime]],
    kept: Kept | None,
) -> bool:
    """Write it all; `due` says when each event is delivered, once or more often.

    True if anybody wants to hear of it; `KeyInUse` when a rival kept an answer under the key.
    """
    row = await session.execute(
        _FINISH,
        {
            "now": now,
            "key": kept.request.key if kept else None,
            "address": kept.request.address if kept else None,
            "fingerprint": kept.request.fingerprint if kept else None,
            "status": kept.status if kept else None,
            "body": kept.body.decode() if kept else None,
            "request_id": kept.request_id if kept else None,
            "ids": [line.id for line in told],
            "types": [line.type for line in told],
            "subjects": [line.subject_id for line in told],
            "payloads": [line.payload for line in told],
            "due": [event_id for event_id, _ in due],
            "due_at": [at for _, at in due],
        },
    )
    written = row.one()
    if kept is not None and written.kept == 0:
        raise KeyInUse(kept.request.key)
    return written.planned > 0
