"""The declarative base of all tables of orders, and a column type for frozen shapes."""

from typing import Any, ClassVar, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Dialect, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from orders.model.ids import CartId, CustomerId, LineId, OrderId, VariantId
from wareflow_kit.database import TYPES
from wareflow_kit.tables import service_metadata

T = TypeVar("T")


class Base(DeclarativeBase):
    """Everything that is mapped here."""

    metadata = service_metadata()
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        **TYPES,
        **dict.fromkeys((CartId, OrderId, LineId, VariantId, CustomerId), Uuid()),
    }


class Json(TypeDecorator[T]):
    """A frozen pydantic shape, or a list of them, as JSONB. Changed by assigning a new value."""

    impl = JSONB(none_as_null=True)
    cache_ok = True

    def __init__(self, shape: type[T]) -> None:
        super().__init__()
        self.shape = shape
        self._adapter: TypeAdapter[T] = TypeAdapter(shape)

    def process_bind_param(self, value: T | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """To plain JSON."""
        return None if value is None else self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> T | None:  # noqa: ARG002
        """Back to the shape."""
        return None if value is None else self._adapter.validate_python(value)
