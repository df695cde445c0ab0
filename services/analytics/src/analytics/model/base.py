"""The metadata of analytics' tables."""

from sqlalchemy import Table
from sqlalchemy.orm import DeclarativeBase

from wareflow_events.tables import event_tables
from wareflow_kit.database import TYPES, metadata
from wareflow_kit.tables import kit_tables


class Base(DeclarativeBase):
    """Everything that analytics stores."""

    metadata = metadata()
    type_annotation_map = TYPES


event_tables(Base.metadata)
kit_tables(Base.metadata)


def tables(*mapped: type[Base]) -> tuple[Table, ...]:
    """The tables of mapped classes."""
    return tuple(Base.metadata.tables[one.__tablename__] for one in mapped)
