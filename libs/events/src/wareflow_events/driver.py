"""The house's own statements, handed to asyncpg itself, without what SQLAlchemy adds."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from wareflow_events.faults import is_lost_connection


class Record(asyncpg.Record):
    """A row whose columns are attributes as well, as SQLAlchemy's are."""

    def __getattr__(self, name: str) -> Any:
        """The column of this name."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


async def fetch(
    at: AsyncSession | AsyncConnection, statement: str, *arguments: object
) -> Sequence[Any]:
    """Run a statement with `$1`, `$2` ... in the transaction of `at`; its rows, if it gives any.

    SQLAlchemy begins a transaction with the first statement that it sees, and notices then that a
    connection of its pool is dead: so the first one goes by it. All do while somebody listens to
    its statements, so that they hear of all. Errors are those of either.
    """
    connection = await at.connection() if isinstance(at, AsyncSession) else at
    assert connection.sync_connection is not None, "the connection is not open"
    driver = connection.sync_connection.connection.driver_connection
    listened = connection.sync_connection.dispatch.before_cursor_execute
    if driver is None or not driver.is_in_transaction() or listened:
        found = await connection.exec_driver_sql(statement, arguments)
        return found.all() if found.returns_rows else ()
    try:
        return await driver.fetch(statement, *arguments, record_class=Record)
    except Exception as error:
        if is_lost_connection(error):
            await connection.invalidate(error)
        raise
