"""What every table of this service shares."""

from enum import StrEnum
from typing import ClassVar, Generic, TypeVar

from sqlalchemy import Dialect, Text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from wareflow_kit.database import TYPES
from wareflow_kit.tables import service_metadata

W = TypeVar("W", bound=StrEnum)


class Base(DeclarativeBase):
    """Mapped classes of `payments`, beside the tables of events and kit."""

    metadata = service_metadata()
    type_annotation_map: ClassVar = TYPES


class Word(TypeDecorator[W], Generic[W]):
    """A `StrEnum` kept as text; which words may stand there is a CHECK of the table."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[W]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: W | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> W | None:  # noqa: ARG002
        return None if value is None else self.words(value)


def one_of(column: str, words: type[StrEnum]) -> str:
    """The CHECK that a column holds one of the words."""
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"
