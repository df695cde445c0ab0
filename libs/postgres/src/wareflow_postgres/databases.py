"""Databases of a server: made when missing."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

import asyncpg


class _Connection(Protocol):
    """What is used here of asyncpg's connection; the library itself carries no types."""

    async def fetchval(self, query: str, *args: object) -> Any: ...
    async def execute(self, query: str) -> str: ...
    async def close(self) -> None: ...


_connect = cast(
    "Callable[[str], Awaitable[_Connection]]",
    asyncpg.connect,  # pyright: ignore[reportUnknownMemberType]
)


async def create_database(url: str, name: str) -> bool:
    """Make the database `name` on the server of `url` if it is missing; True when it was made.

    `url` may name any database of the server that exists, and may be SQLAlchemy's form of it.
    Two that ask at once both succeed. Made from template0, to which nobody can be connected.
    """
    connection = await _connect(url.replace("+asyncpg", "", 1))
    try:
        if await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            return False
        quoted = name.replace('"', '""')
        _ = await connection.execute(f'CREATE DATABASE "{quoted}" TEMPLATE template0')
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        return False
    else:
        return True
    finally:
        await connection.close()
