"""A process of the shop: what runs in it, what it has open, and how it dies."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol, TypeVar, cast

from tests.simulation.gate import Gate
from tests.simulation.loop import OWNER

T = TypeVar("T")
_SESSION_ENDS = 3.0
"""Seconds after which the server ends an idle session of a relay's leader."""


class Session(Protocol):
    """A connection to a database."""

    pid: int
    dies_idle: bool
    """Whether the server ends it when it is idle for long."""

    def is_closed(self) -> bool:
        """Whether it is of no use any more."""
        ...

    def terminate(self) -> None:
        """Close it without a word."""
        ...


class Gone(ConnectionError):
    """This process has died; nothing it does reaches anybody."""


@dataclass(eq=False)
class Process:
    """One life of a part of the shop; the next one after a crash is another object."""

    name: str
    gate: Gate
    mortal: bool = True
    """Whether the dice may let it crash."""
    alive: bool = True
    frozen_until: float = 0.0
    connections: list[Session] = field(default_factory=list[Session])
    on_death: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    _tasks: dict[int, "asyncio.Task[Any]"] = field(default_factory=dict[int, "asyncio.Task[Any]"])
    _numbers: "count[int]" = field(default_factory=count)

    def adopt(self, task: "asyncio.Task[Any]") -> None:
        """A task was made in it."""
        number = next(self._numbers)
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._tasks.pop(number, None))

    def spawn(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run something in it."""
        context = copy_context()
        _ = context.run(OWNER.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)

    def check(self) -> None:
        """`Gone` when it has died."""
        if not self.alive:
            raise Gone(f"{self.name} has died")

    @property
    def tasks(self) -> "list[asyncio.Task[Any]]":
        """What has not ended."""
        return list(self._tasks.values())

    def freeze(self, seconds: float) -> None:
        """Stand still, as SIGSTOP makes it: nothing goes out, locks and connections stay."""
        self.frozen_until = self.gate.clock.now + seconds
        loop = asyncio.get_running_loop()
        _ = loop.call_at(self.frozen_until, lambda: None)
        if seconds > _SESSION_ENDS:
            _ = loop.call_later(_SESSION_ENDS, self._end_idle_sessions)

    def _end_idle_sessions(self) -> None:
        for connection in self.connections:
            if connection.dies_idle and not connection.is_closed():
                connection.terminate()

    def crash(self) -> None:
        """Die as `kill -9` does: nothing is finished, the server rolls back what was begun."""
        if not self.alive:
            return
        self.alive = False
        self.gate.forget(self)
        held = [connection for connection in self.connections if not connection.is_closed()]
        for connection in held:
            connection.terminate()
        self.gate.monitor.terminate([connection.pid for connection in held])
        self.bury()
        for callback in self.on_death:
            callback()

    def bury(self) -> None:
        """Cancel what is left of its tasks."""
        for task in self.tasks:
            _ = task.cancel()


def here() -> Process:
    """The process that this runs in."""
    return cast("Process", OWNER.get())
