"""The metadata of crm's tables."""

from sqlalchemy.orm import DeclarativeBase

from wareflow_kit.database import TYPES
from wareflow_kit.tables import service_metadata


class Base(DeclarativeBase):
    """Everything that crm stores."""

    metadata = service_metadata()
    type_annotation_map = TYPES
