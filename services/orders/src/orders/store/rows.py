"""Rows in bulk: JSON in, one statement, however many there are."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel
from sqlalchemy import FromClause, inspect
from sqlalchemy.orm import DeclarativeBase


@cache
def columns(table: FromClause) -> str:
    """The table's columns as SQL."""
    return ", ".join(f'"{column.name}"' for column in table.c)


def insert_from(mapped: type[DeclarativeBase], place: int) -> str:
    """`INSERT` of the rows in the JSON parameter `$place`, typed by the table itself."""
    name = mapped.__tablename__
    names = columns(mapped.__table__)
    rows = f"jsonb_populate_recordset(NULL::{name}, ${place}::jsonb)"
    return f"INSERT INTO {name} ({names}) SELECT {names} FROM {rows}"  # noqa: S608


def row_of(instance: DeclarativeBase) -> dict[str, Any]:
    """A new instance's values by column; what was not set is NULL."""
    return {name: getattr(instance, key) for name, key in _attributes(type(instance))}


@cache
def _attributes(mapped: type[DeclarativeBase]) -> list[tuple[str, str]]:
    return [(str(prop.columns[0].name), prop.key) for prop in inspect(mapped).column_attrs]


def to_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as a JSON parameter."""
    return orjson.dumps(list(rows), default=_plain).decode()


def _plain(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)  # asyncpg has a class of its own
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value)} has no place in a row")
