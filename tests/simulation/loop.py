"""An event loop whose every step is repeatable: virtual time, numbered tasks, no threads."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar
from itertools import count
from typing import Any, Protocol, TypeVar

from tests.simulation.clock import VirtualClock

T = TypeVar("T")
Events = list[tuple[selectors.SelectorKey, int]]
Poll = Callable[[float | None], Events]
Idle = Callable[[float | None, Poll], Events]
"""What to do when no callback is ready: seconds to the next timer, and how to wait for sockets."""


class Owner(Protocol):
    """Whoever the tasks of a context belong to."""

    def adopt(self, task: "asyncio.Task[Any]") -> None:
        """A task was made in its context."""
        ...


OWNER: ContextVar[Owner | None] = ContextVar("OWNER", default=None)


class _Numbered:
    """A hash that does not come from an address: sets keep their order from run to run."""

    _number: int

    def __hash__(self) -> int:
        return self._number


class _Task(_Numbered, asyncio.Task[T]):
    def __init__(self, coroutine: Coroutine[Any, Any, T], number: int, **more: Any) -> None:
        self._number = number
        super().__init__(coroutine, **more)


class _Future(_Numbered, asyncio.Future[T]):
    def __init__(self, number: int, **more: Any) -> None:
        self._number = number
        super().__init__(**more)


class _Selector(selectors.DefaultSelector):
    """Looks at sockets only when nothing else is left to do, so that no answer comes in between."""

    idle: Idle

    def select(self, timeout: float | None = None) -> Events:
        if timeout is not None and timeout <= 0:
            return []
        return self.idle(timeout, super().select)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Asks `idle` what comes next whenever all tasks wait."""

    def __init__(self, clock: VirtualClock, idle: Idle) -> None:
        selector = _Selector()
        selector.idle = idle
        super().__init__(selector)
        self._clock = clock
        self._numbers = count(1)
        self._clock_resolution = 1e-6
        self.set_task_factory(self._make)

    def time(self) -> float:
        """Virtual seconds."""
        return self._clock.now

    def create_future(self) -> "asyncio.Future[Any]":
        """A future that sets keep in order."""
        return _Future(next(self._numbers), loop=self)

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> Any:
        """Run it here and now: threads would come back whenever they like."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  it belongs to whoever awaits
            future.set_exception(error)
        return future

    def _make(
        self,
        loop: asyncio.AbstractEventLoop,
        coroutine: Generator[Any, None, T] | Coroutine[Any, Any, T],
        context: Context | None = None,
    ) -> "asyncio.Future[T]":
        assert isinstance(coroutine, Coroutine)
        task: asyncio.Task[T] = _Task(coroutine, next(self._numbers), loop=loop, context=context)
        owner = context.get(OWNER) if context is not None else OWNER.get()
        if owner is not None:
            owner.adopt(task)
        return task


async def inline(func: Callable[..., T], *args: Any, **_: Any) -> T:
    """Stands in for `anyio.to_thread.run_sync`."""
    return func(*args)
