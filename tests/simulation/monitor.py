"""A view of the server from outside the simulation: who waits for whom, and who is to be ended."""

import asyncio
import threading
from collections.abc import Collection, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")
_connect = asyncpg.connect  # the real one, whatever a run puts in its place

# Those that wait for a lock, but for those in a circle: the server is about to break it.
_BLOCKED = """
WITH RECURSIVE waits AS (
    SELECT pid, pg_blocking_pids(pid) AS by FROM pg_stat_activity WHERE wait_event_type = 'Lock'
), chain AS (
    SELECT pid, unnest(by) AS behind FROM waits
    UNION
    SELECT c.pid, unnest(w.by) FROM chain c JOIN waits w ON w.pid = c.behind
)
SELECT pid FROM waits w
WHERE pid = ANY($1::int[]) AND cardinality(by) > 0
  AND NOT EXISTS (SELECT FROM chain c WHERE c.pid = w.pid AND c.behind = w.pid)
"""
_TERMINATE = "SELECT pg_terminate_backend(pid, 10000) FROM unnest($1::int[]) AS p (pid)"


class Monitor:
    """Synchronous calls on a connection of its own, whose ordinary loop runs in a thread."""

    def __init__(self, dsn: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection: asyncpg.Connection[Any] = self._run(_connect(dsn, ssl=False))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        done: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result()

    def blocked(self, pids: Collection[int]) -> set[int]:
        """Which of these sessions wait for a lock that somebody else holds."""
        rows = self._run(self._connection.fetch(_BLOCKED, list(pids)))
        return {row["pid"] for row in rows}

    def terminate(self, pids: Sequence[int]) -> None:
        """End these sessions; what they had begun is rolled back when this returns."""
        if pids:
            _ = self._run(self._connection.fetch(_TERMINATE, list(pids)))

    def cancel(self, pid: int) -> None:
        """Cancel a session's statement."""
        _ = self._run(self._connection.fetchval("SELECT pg_cancel_backend($1)", pid))

    def execute(self, statement: str) -> None:
        """Run a statement outside of any transaction."""
        _ = self._run(self._connection.execute(statement))

    def close(self) -> None:
        """Let go of the connection and the thread."""
        self._run(self._connection.close())
        _ = self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
