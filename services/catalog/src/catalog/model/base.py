"""The declarative base of this service's tables, with those that every service has."""

from sqlalchemy import Index
from sqlalchemy.orm import DeclarativeBase

from wareflow_kit.database import TYPES
from wareflow_kit.tables import service_metadata


class Base(DeclarativeBase):
    """What every mapped class here derives from."""

    metadata = service_metadata()
    type_annotation_map = TYPES


def inverted(column: str) -> Index:
    """An index of what each row's `column` is made of: words, or elements.

    Without GIN's pending list, which every search would read whole until the next vacuum: after
    an import a search took 60 times as long.
    """
    return Index(None, column, postgresql_using="gin", postgresql_with={"fastupdate": "off"})
