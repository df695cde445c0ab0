"""Idempotency keys: claimed first; `finish` fills them last, in the same transaction."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from wareflow_sandbox.model.errors import KeyInUse
from wareflow_sandbox.model.idempotency import refuse_if_reused


@dataclass(frozen=True)
class Request:
    """What makes two requests the same."""

    key: str
    address: str
    fingerprint: str


@dataclass(frozen=True)
class Kept:
    """The first answer to a request."""

    request: Request
    status: int
    body: bytes
    request_id: str


# The lock is taken and the row is read in one round trip. The row may be missing although a rival
# has just committed it; then `finish` finds it in the way, and this request is the late one.
_CLAIM = text(
    """
    SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 7365)) AS mine,
           kept.address, kept.fingerprint, kept.status, kept.body, kept.request_id
    FROM (SELECT 1) AS one LEFT JOIN idempotency_key kept ON kept.key = :key
    """
)


async def claim(session: AsyncSession, request: Request) -> Kept | None:
    """The answer that the key keeps, or None and the key is this transaction's to fill.

    `KeyInUse` while somebody else executes it; `KeyReused` when the request is another.
    """
    row = (await session.execute(_CLAIM, {"key": request.key})).one()
    if row.status is None:
        if not row.mine:
            raise KeyInUse(request.key)
        return None
    refuse_if_reused(
        request.key,
        same_address=row.address == request.address,
        same_parameters=row.fingerprint == request.fingerprint,
    )
    return Kept(request, row.status, str(row.body).encode(), row.request_id)
