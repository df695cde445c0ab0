"""The database of a service: constraint names, column types, the engine, and its migrations."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import JsonValue
from sqlalchemy import BigInteger, DateTime, Index, MetaData, Text
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from wareflow_kit.drift import schema_drift
from wareflow_kit.jsons import to_json
from wareflow_kit.urls import async_url

__all__ = ["NAMING", "TYPES", "engine", "inverted", "metadata", "migrate", "schema_drift"]

NAMING = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s",
}
"""PostgreSQL's own names; a check is named by its rule: `stock_level_on_hand_not_negative`."""

TYPES: dict[Any, Any] = {
    str: Text(),
    int: BigInteger(),  # minor units, sequences: nothing here should ever overflow
    datetime: DateTime(timezone=True),
    UUID: UuidType(),
    JsonValue: JSONB(),
    **{
        shape: JSONB()
        for shape in (
            dict[str, Any],
            dict[str, object],
            dict[str, str],
            dict[str, int],
            dict[str, JsonValue],
            list[Any],
            list[str],
            list[object],
            list[dict[str, Any]],
            list[dict[str, str]],
            list[JsonValue],
        )
    },
}
"""The `type_annotation_map` of a service's `Base`."""


def metadata() -> MetaData:
    """Fresh metadata with the house's constraint names."""
    return MetaData(naming_convention=NAMING)


def inverted(column: str, *, name: str | None = None) -> Index:
    """An index of what each row's `column` is made of: words, or elements.

    Without GIN's pending list, which every search would read whole until the next vacuum: after
    an import a search took 60 times as long.
    """
    return Index(name, column, postgresql_using="gin", postgresql_with={"fastupdate": "off"})


def engine(
    url: str,
    *,
    pool: int = 5,
    name: str,
    statement_timeout: float = 30,
    lock_timeout: float = 5,
    idle_in_transaction_timeout: float = 30,
) -> AsyncEngine:
    """An engine with at most `pool` connections; timeouts are in seconds.

    No ping before use: a connection the server closed is noticed at its first statement, empties
    the pool and is answered as 503, which callers repeat.
    """
    settings = {
        "application_name": name,
        "timezone": "UTC",
        "jit": "off",
        "statement_timeout": _milliseconds(statement_timeout),
        "lock_timeout": _milliseconds(lock_timeout),
        "idle_in_transaction_session_timeout": _milliseconds(idle_in_transaction_timeout),
    }
    return create_async_engine(
        async_url(url),
        pool_size=pool,
        max_overflow=0,
        pool_timeout=10,
        pool_use_lifo=True,
        pool_pre_ping=False,
        hide_parameters=True,  # an error in the log must not quote anybody's address
        json_serializer=_json_text,
        json_deserializer=orjson.loads,
        connect_args={
            "server_settings": settings,
            "timeout": 10,
            "prepared_statement_cache_size": 500,
        },
    )


async def migrate(service_package: str, url: str) -> None:
    """Bring the database at `url` to the package's newest migration; see `migrating.migrate`."""
    from wareflow_kit import migrating  # Alembic is not needed to serve

    await migrating.migrate(service_package, url)


def _json_text(value: object) -> str:
    return to_json(value).decode()


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
