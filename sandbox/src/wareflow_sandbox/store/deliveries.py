"""Webhook deliveries: claimed under a lease, dropped when received, else due again later."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from wareflow_sandbox.model.webhook import LEASE

BATCH = 16
"""How many deliveries are under way at once."""


@dataclass(frozen=True)
class Delivery:
    """One attempt to make."""

    id: int
    attempt: int
    """From 1."""
    begun: datetime
    """When the event happened."""
    url: str
    secret: str
    payload: bytes


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt; neither received nor due again, it is given up."""

    id: int
    received: bool
    result: str
    due_at: datetime | None


_CLAIM = text(
    """
    WITH due AS (
        SELECT id FROM webhook_delivery WHERE due_at <= :now
        ORDER BY due_at, id LIMIT :batch FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE webhook_delivery d SET due_at = :leased, attempts = attempts + 1
        FROM due WHERE d.id = due.id
        RETURNING d.id, d.attempts, d.event_id, d.endpoint_id
    )
    SELECT claimed.id, claimed.attempts, event.created, endpoint.url, endpoint.secret, event.payload
    FROM claimed
    JOIN event ON event.id = claimed.event_id
    JOIN webhook_endpoint endpoint ON endpoint.id = claimed.endpoint_id
    ORDER BY claimed.id
    """
)

_NOTE = text(
    """
    WITH received AS (DELETE FROM webhook_delivery WHERE id = ANY(:received))
    UPDATE webhook_delivery d SET due_at = t.due_at, last_result = t.result
    FROM unnest(:ids, :results, :due) AS t (id, result, due_at)
    WHERE d.id = t.id
    """
).bindparams(
    bindparam("received", type_=ARRAY(BigInteger)),
    bindparam("ids", type_=ARRAY(BigInteger)),
    bindparam("results", type_=ARRAY(Text)),
    bindparam("due", type_=ARRAY(DateTime(timezone=True))),
)


async def claim_deliveries(session: AsyncSession, *, now: datetime) -> list[Delivery]:
    """Take what is due; nobody else does until the lease is over."""
    rows = await session.execute(_CLAIM, {"now": now, "batch": BATCH, "leased": now + LEASE})
    return [
        Delivery(row.id, row.attempts, row.created, row.url, row.secret, row.payload.encode())
        for row in rows
    ]


async def note_outcomes(session: AsyncSession, outcomes: list[Outcome]) -> None:
    """Write down what became of the attempts."""
    failed = [each for each in outcomes if not each.received]
    _ = await session.execute(
        _NOTE,
        {
            "received": [each.id for each in outcomes if each.received],
            "ids": [each.id for each in failed],
            "results": [each.result for each in failed],
            "due": [each.due_at for each in failed],
        },
    )
