"""Long-running tasks together: one that ends by itself is a failure of all; a stop drains them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)

OnFatal = Callable[[str, BaseException], None]


class EndedEarly(RuntimeError):
    """A task that should run until it is told to stop has returned, or was cancelled."""


class Supervisor:
    """Starts tasks that take a stop event, and watches over them."""

    def __init__(self, on_fatal: OnFatal | None = None) -> None:
        self.stop = asyncio.Event()
        self.failed = asyncio.Event()
        """Set when a task has died."""
        self.failures: dict[str, BaseException] = {}
        self._on_fatal = on_fatal
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str, run: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
        """Run `run(stop)` as a task."""
        task = asyncio.create_task(run(self.stop), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is None:
            if self.stop.is_set():
                return
            # A cancellation that nobody asked for comes from a library that lets out its own.
            how = "was cancelled" if task.cancelled() else "returned"
            error = EndedEarly(f"{task.get_name()} {how}")
        self.failures[task.get_name()] = error
        log.critical("task.died", task=task.get_name(), exc_info=error)
        self.failed.set()
        if self._on_fatal is not None:
            self._on_fatal(task.get_name(), error)

    async def drain(self, seconds: float) -> None:
        """Tell all to stop, give them `seconds` to finish, cancel those that are late."""
        self.stop.set()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            log.warning("task.cancelled", task=task.get_name(), after_seconds=seconds)
            _ = task.cancel()
        if late:
            _ = await asyncio.wait(late)
