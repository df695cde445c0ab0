"""The declarative base of this service's tables, with those that every service has."""

from sqlalchemy.orm import DeclarativeBase

from wareflow_events.tables import event_tables
from wareflow_kit.database import TYPES, metadata
from wareflow_kit.tables import kit_tables


class Base(DeclarativeBase):
    """What every mapped class here derives from."""

    metadata = metadata()
    type_annotation_map = TYPES


event_tables(Base.metadata)
kit_tables(Base.metadata)
