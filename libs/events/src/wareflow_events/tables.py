"""All tables that a service needs to publish and to hear."""

from sqlalchemy import MetaData

from wareflow_events.deadletter import dead_letter_tables
from wareflow_events.erasure import erasure_tables
from wareflow_events.inbox import inbox_tables
from wareflow_events.outbox import outbox_tables


def event_tables(metadata: MetaData) -> None:
    """Declare outbox, inbox, offsets, dead letters and erased ids on a service's metadata."""
    outbox_tables(metadata)
    inbox_tables(metadata)
    dead_letter_tables(metadata)
    erasure_tables(metadata)
