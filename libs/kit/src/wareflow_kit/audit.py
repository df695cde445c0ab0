"""The audit trail: who of the staff changed what, from what, into what."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from opentelemetry import trace
from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from wareflow_events.transaction import Transaction
from wareflow_kit.auth import Principal
from wareflow_kit.tables import kit_tables

_TABLES = sa.MetaData()
kit_tables(_TABLES)
_AUDIT = _TABLES.tables["audit_entry"]


async def record(
    tx: Transaction,
    *,
    who: Principal,
    action: str,
    subject: str,
    before: Mapping[str, JsonValue],
    after: Mapping[str, JsonValue],
) -> None:
    """Note a change, in the transaction that makes it. `subject` is `<noun>/<id>`."""
    span = trace.get_current_span().get_span_context()
    entry = {
        "id": tx.new_id(),
        "at": tx.now,
        "issuer": who.issuer,
        "actor": who.subject,
        "action": action,
        "subject": subject,
        "before": dict(before),
        "after": dict(after),
        "trace_id": f"{span.trace_id:032x}" if span.is_valid else None,
    }
    _ = await tx.session.execute(sa.insert(_AUDIT), entry)


async def entries(
    session: AsyncSession, *, subject: str | None, before: UUID | None, limit: int
) -> Sequence[sa.RowMapping]:
    """The newest changes, of one subject or of all, older than the entry `before`."""
    query = sa.select(_AUDIT).order_by(_AUDIT.c.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(_AUDIT.c.subject == subject)
    if before is not None:
        query = query.where(_AUDIT.c.id < before)
    return (await session.execute(query)).mappings().all()
