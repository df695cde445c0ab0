"""The tables of a service: those that every one has, and the metadata that its own hang on."""

from typing import cast

from sqlalchemy import Column, DateTime, Index, LargeBinary, MetaData, Table, Text
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

from wareflow_events.tables import event_tables
from wareflow_kit.database import metadata

__all__ = ["kit_tables", "service_metadata", "tables_of"]


def service_metadata() -> MetaData:
    """Fresh metadata for a service's `Base`, with the tables of events and kit on it already."""
    made = metadata()
    event_tables(made)
    kit_tables(made)
    return made


def tables_of(*mapped: type[DeclarativeBase]) -> tuple[Table, ...]:
    """The tables of mapped classes, as a `ConsumerGroup` wants those that it derives."""
    return tuple(cast("Table", one.__table__) for one in mapped)


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
