"""Which errors pass by themselves, and how long to wait for that."""

import asyncio
import random

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# Classes of SQLSTATE that say nothing about the event: connection (08), resources (53), operator
# intervention (57), system error (58); and the codes of conflicts between transactions.
_CLASSES = ("08", "53", "57", "58")
_CODES = {"40001", "40P01", "55P03", "25P03", "25P04", "25006"}


def is_transient(error: BaseException) -> bool:
    """Whether trying the same again later can help."""
    if is_lost_connection(error):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        code = str(getattr(error.orig, "sqlstate", "") or "")
        return code in _CODES or code[:2] in _CLASSES or is_lost_connection(error.orig)
    if isinstance(error, asyncpg.PostgresError):
        code = str(error.sqlstate or "")
        return code in _CODES or code[:2] in _CLASSES
    return False


def is_lost_connection(error: BaseException | None) -> bool:
    """Whether the other side is gone, or does not answer."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_lost_connection(error.orig)
    seen = error
    while seen is not None:
        if isinstance(seen, OSError | TimeoutError | PoolTimeout | asyncpg.PostgresConnectionError):
            return True
        # asyncpg's DataError, for a bad argument, is an InterfaceError and a ValueError.
        if isinstance(seen, asyncpg.InterfaceError) and not isinstance(seen, ValueError):
            return True
        seen = seen.__cause__
    return False


def breaks_a_constraint(error: BaseException) -> bool:
    """Whether the database refused a row, as SQLAlchemy or as asyncpg says it."""
    return isinstance(error, IntegrityError | asyncpg.IntegrityConstraintViolationError)


def backoff(attempt: int, *, first: float = 0.05, most: float = 30.0) -> float:
    """Seconds to wait before trying again: doubling, with full jitter above half of it."""
    limit = min(most, first * 2 ** min(attempt, 20))
    return limit * random.uniform(0.5, 1.0)  # noqa: S311  jitter needs no secrecy


async def sleep(stop: asyncio.Event, seconds: float) -> bool:
    """Sleep; True, at once, when it is time to stop."""
    try:
        async with asyncio.timeout(seconds):
            _ = await stop.wait()
    except TimeoutError:
        return False
    return True
