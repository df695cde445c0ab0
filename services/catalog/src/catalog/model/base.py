"""The declarative base of this service's tables, with those that every service has."""

from sqlalchemy.orm import DeclarativeBase

from wareflow_kit.database import TYPES
from wareflow_kit.tables import service_metadata


class Base(DeclarativeBase):
    """What every mapped class here derives from."""

    metadata = service_metadata()
    type_annotation_map = TYPES
