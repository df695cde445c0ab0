"""The relay: one leader per database carries events from the outbox to the broker, in order.

The leader holds a session advisory lock on the connection that selects and deletes. It sends a
batch in id order, awaits every acknowledgement, and only then deletes: what a crash leaves is
sent again, in the same order, and the inbox drops it.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import asyncpg
import structlog

from wareflow_events import metrics
from wareflow_events.bell import Bell
from wareflow_events.broker import Broker, Producer
from wareflow_events.envelope import Envelope, source_of, to_record
from wareflow_events.failpoints import failpoint
from wareflow_events.faults import backoff, sleep
from wareflow_events.remembered import Forgetful

_LOG = structlog.get_logger("wareflow.relay")
_BATCH = 1000
_SWEEP = 1.0
"""Every second all rows are looked for, not only those above the last one sent: a transaction
that drew a lower id may commit later."""
_IDLE_SESSION = "3000"
"""Milliseconds after which the server ends the session of a leader that was stopped or cut off."""
_SEND_PATIENCE = 60.0
"""Seconds after which a producer that does not acknowledge is given up."""

_SELECT = """
SELECT id, event_id, topic, key, type, time, sequence, traceparent, data
FROM outbox ORDER BY id LIMIT $1
"""
# Only to see whether there is anything: under an old snapshot this skips the dead rows below. What
# is carried is always read from the lowest id on. An event above the floor may have a predecessor
# of its key below it, whose transaction drew its id early and committed late.
_PEEK = "SELECT true FROM outbox WHERE id > $1 LIMIT 1"
_DELETE = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"
LEADER_LOCK = "hashtextextended('wareflow relay', 0)"
"""The session advisory lock of a database's relay, as SQL."""
_LOCK = f"SELECT pg_try_advisory_lock({LEADER_LOCK})"
_STATE = """
SELECT count(*) AS rows, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float AS age
FROM (SELECT created_at FROM outbox ORDER BY id LIMIT 100000) AS o
"""

T = TypeVar("T")
_Connection: TypeAlias = "asyncpg.Connection[Any]"

_NOT_SENT = failpoint("relay.selected_not_sent")
_NOT_DELETED = failpoint("relay.sent_not_deleted")
_DELETED = failpoint("relay.deleted")


class Relay:
    """Carries one service's events; a candidate until it gets the lock."""

    def __init__(
        self,
        *,
        dsn: str,
        broker: Broker,
        service: str,
        bell: Bell,
        poll: float = 0.03,
        may_lead: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self._dsn = dsn
        self._broker = broker
        self._service = service
        self._source = source_of(service)
        self._bell = bell
        self._poll = poll
        self._may_lead = may_lead
        """Asked by a new leader before it sends anything; its `Forgetful` ends the relay."""

    async def run(self, stop: asyncio.Event) -> None:
        """Lead, or wait to lead, until `stop`; faults are waited out, but for `Forgetful`."""
        failures = 0
        while not stop.is_set():
            began = time.monotonic()
            try:
                await self._candidate(stop)
            except Forgetful:
                raise
            except Exception as error:  # noqa: BLE001  session and producer are made anew
                failures = 0 if time.monotonic() - began > 30 else failures + 1
                _LOG.warning("relay restarts", service=self._service, error=repr(error))
                _ = await sleep(stop, backoff(failures, most=5.0))

    async def _candidate(self, stop: asyncio.Event) -> None:
        connection = await asyncpg.connect(
            self._dsn,
            timeout=10,
            command_timeout=30,
            server_settings={
                "application_name": f"{self._service} relay",
                "idle_session_timeout": _IDLE_SESSION,
            },
        )
        try:
            while not stop.is_set():
                if await connection.fetchval(_LOCK):
                    await self._lead(connection, stop)
                    return
                _ = await sleep(stop, 1.0)
        finally:
            metrics.RELAY_LEADER.labels(self._service).set(0)
            await _close(connection)

    async def _lead(self, connection: _Connection, stop: asyncio.Event) -> None:
        metrics.RELAY_LEADER.labels(self._service).set(1)
        _LOG.debug("relay leads", service=self._service)
        if self._may_lead is not None:
            await self._patiently(connection, self._may_lead())
        producer = await self._patiently(connection, self._broker.producer())
        try:
            await self._pump(connection, producer, stop)
        finally:
            with suppress(Exception):
                async with asyncio.timeout(5):
                    await producer.close()

    async def _pump(self, connection: _Connection, producer: Producer, stop: asyncio.Event) -> None:
        floor, swept, measured, rang = 0, 0.0, 0.0, True
        while not stop.is_set():
            rung, now = self._bell.rung, time.monotonic()
            if now - swept >= _SWEEP:
                swept, rang = now, True
            rows: Sequence[asyncpg.Record] = ()
            if rang or await connection.fetchval(_PEEK, floor):
                rows = await connection.fetch(_SELECT, _BATCH)
            if rows:
                await self._carry(connection, producer, rows)
                floor = max(floor, rows[-1]["id"])
            if now - measured > 5:
                measured = now
                await self._measure(connection)
            rang = len(rows) == _BATCH or await self._bell.wait(self._poll, since=rung)

    async def _carry(
        self, connection: _Connection, producer: Producer, rows: Sequence[asyncpg.Record]
    ) -> None:
        with metrics.RELAY_BATCH.labels(self._service).time():
            records = [to_record(self._envelope(row)) for row in rows]
            _NOT_SENT.reach(self._service)
            await self._patiently(connection, producer.send(records))
            _NOT_DELETED.reach(self._service)
            _ = await connection.execute(_DELETE, [row["id"] for row in rows])
            _DELETED.reach(self._service)
        metrics.RELAY_PUBLISHED.labels(self._service).inc(len(rows))

    def _envelope(self, row: asyncpg.Record) -> Envelope:
        return Envelope(
            id=row["event_id"],
            type=row["type"],
            source=self._source,
            time=row["time"],
            key=row["key"],
            data=row["data"],
            sequence=row["sequence"],
            traceparent=row["traceparent"],
        )

    async def _patiently(self, connection: _Connection, work: Coroutine[Any, Any, T]) -> T:
        """Await the broker, showing the database every second that this leader is alive."""
        task = asyncio.ensure_future(work)
        try:
            async with asyncio.timeout(_SEND_PATIENCE):
                while not (await asyncio.wait({task}, timeout=1.0))[0]:
                    _ = await connection.execute("SELECT 1")
            return task.result()
        finally:
            if not task.done():
                _ = task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    _ = await task

    async def _measure(self, connection: _Connection) -> None:
        state = await connection.fetchrow(_STATE)
        assert state is not None
        metrics.OUTBOX_ROWS.labels(self._service).set(state["rows"])
        metrics.OUTBOX_AGE.labels(self._service).set(state["age"])


async def _close(connection: _Connection) -> None:
    with suppress(Exception):
        await connection.close(timeout=2)
