"""The transaction that both doors hand to a verb: a session, a time, and events to tell."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from wareflow_events import outbox
from wareflow_events.bell import Bell
from wareflow_events.clock import Clock, utc_now
from wareflow_events.event import Event
from wareflow_events.failpoints import failpoint
from wareflow_events.ids import new_id
from wareflow_events.trace import current_traceparent

MAX_EVENT_BYTES = 900_000
"""Below Kafka's default limit of 1 MiB a record, with room for headers."""

_NOT_COMMITTED = failpoint("transaction.written_not_committed")
_NOT_TOLD = failpoint("transaction.committed_not_told")


class ForeignEvent(RuntimeError):
    """Only the owner of a topic may publish on it."""


class EventTooLarge(ValueError):
    """An event over 900 KB; refused where it is made, since no broker would take it."""


class SilentTransaction(RuntimeError):
    """A consumer whose tables are derived may publish nothing: a rebuild would tell it again."""


class Transaction:
    """One unit of work. Verbs never commit; whoever opened it does, when they return."""

    def __init__(
        self, session: AsyncSession, *, now: datetime, service: str, silent: bool = False
    ) -> None:
        self.session = session
        self.now = now
        self._service = service
        self._silent = silent
        self._pending: list[outbox.Pending] = []
        self._callbacks: list[Callable[[], None]] = []

    def publish(self, event: Event) -> None:
        """Tell `event` to the world if, and only if, this transaction commits."""
        if event.TOPIC.service != self._service:
            raise ForeignEvent(f"{self._service} does not own {event.TYPE}")
        if self._silent:
            raise SilentTransaction(f"{event.TYPE} published from derived tables")
        data = event.model_dump_json().encode()
        if len(data) > MAX_EVENT_BYTES:
            raise EventTooLarge(f"{event.TYPE} for {event.key} has {len(data):,} bytes")
        self._pending.append(outbox.Pending(self.new_id(), event, data))

    def new_id(self) -> UUID:
        """A fresh UUIDv7, stamped with this transaction's time."""
        return new_id(at=self.now)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once committed; for wake-ups, never for what must happen."""
        self._callbacks.append(callback)

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        """A part that may be refused: its writes and its events go together."""
        pending, callbacks = len(self._pending), len(self._callbacks)
        try:
            async with self.session.begin_nested():
                yield
        except BaseException:
            del self._pending[pending:], self._callbacks[callbacks:]
            raise

    async def flush(self) -> None:
        """Write what verbs have changed in mapped objects, if they did."""
        if self.session.new or self.session.dirty or self.session.deleted:
            await self.session.flush()

    async def write(self) -> bool:
        """Flush state, then the outbox, last before the commit; True if anything was published."""
        await self.flush()
        if not self._pending:
            return False
        connection = await self.session.connection()
        await outbox.write(
            connection, self._pending, time=self.now, traceparent=current_traceparent()
        )
        self._pending = []
        _NOT_COMMITTED.reach(self._service)
        return True

    def committed(self) -> None:
        """Run the callbacks."""
        for callback in self._callbacks:
            callback()


_Closable = TypeVar("_Closable", AsyncSession, AsyncConnection)


@asynccontextmanager
async def closed_after(opened: _Closable) -> AsyncGenerator[_Closable]:
    """Close a session or connection, whose transaction has ended, when the block ends well.

    That waits for nothing, so no cancellation can come in between. After an exception there is
    something to roll back: a task of its own closes it then, which no cancellation ends.
    """
    try:
        yield opened
    except BaseException:
        await asyncio.shield(asyncio.create_task(opened.close()))
        raise
    await opened.close()


class Transactions:
    """Opens transactions on a service's database."""

    def __init__(self, engine: AsyncEngine, *, service: str, clock: Clock = utc_now) -> None:
        self.engine = engine
        self.service = service
        self.clock = clock
        self.committed = Bell()
        """Rung after each commit that published something."""

    @asynccontextmanager
    async def begin(self, *, silent: bool = False) -> AsyncGenerator[Transaction]:
        """A transaction that commits, state and events together, when the block ends well."""
        session = AsyncSession(self.engine, expire_on_commit=False, autoflush=False)
        tx = Transaction(session, now=self.clock(), service=self.service, silent=silent)
        async with closed_after(session):
            yield tx
            published = await tx.write()
            await session.commit()
        if published:
            _NOT_TOLD.reach(self.service)
        tx.committed()
        if published:
            self.committed.ring()
