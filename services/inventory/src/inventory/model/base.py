"""The metadata that all tables of inventory hang on."""

from typing import Any

from sqlalchemy import Uuid
from sqlalchemy.orm import DeclarativeBase

from inventory.model.ids import DocumentId, LineId, LocationId, OrderId, ProductId, VariantId
from wareflow_kit.database import TYPES
from wareflow_kit.tables import service_metadata

_IDS = (VariantId, ProductId, LocationId, OrderId, LineId, DocumentId)
_TYPES: dict[Any, Any] = {**TYPES, **dict.fromkeys(_IDS, Uuid())}


class Base(DeclarativeBase):
    """Base of every mapped class of inventory."""

    metadata = service_metadata()
    type_annotation_map = _TYPES
