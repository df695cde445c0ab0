"""The tables that every service has besides its own: idempotency keys and the audit trail."""

from sqlalchemy import Column, DateTime, Index, LargeBinary, MetaData, Table, Text
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import JSONB


def kit_tables(metadata: MetaData) -> None:
    """Declare `idempotency_key` and `audit_entry` on a service's metadata."""
    idempotency = Table(
        "idempotency_key",
        metadata,
        Column("who", Text(collation="C"), primary_key=True),
        Column("route", Text(collation="C"), primary_key=True),
        Column("key", Text(collation="C"), primary_key=True),
        Column("body_hash", LargeBinary, nullable=False),
        Column("made", UuidType),
        Column("created_at", DateTime(timezone=True), nullable=False),
    )
    _ = Index(None, idempotency.c.created_at)
    audit = Table(
        "audit_entry",
        metadata,
        Column("id", UuidType, primary_key=True),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("issuer", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("subject", Text(collation="C"), nullable=False),
        Column("before", JSONB, nullable=False),
        Column("after", JSONB, nullable=False),
        Column("trace_id", Text),
    )
    _ = Index(None, audit.c.subject, audit.c.id)
