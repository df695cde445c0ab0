"""Child processes that are kept alive: one that ends, or no longer answers, is started anew."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from wareflow.pulse import Pulse
from wareflow_events.faults import backoff, sleep

log = structlog.get_logger(__name__)
_PR_SET_PDEATHSIG = 1
_STEADY = 10.0
"""Seconds after which a child counts as having started well."""


def end_with_owner() -> None:
    """In the child, before it becomes the program: end when the owner does (Linux)."""
    if sys.platform == "linux":
        _ = ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """A program, its environment, and the file its output goes to; all end with their owner."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    output: Path
    pulse: Pulse | None = None
    """How to see that it lives; None: as long as its process does."""
    restarts: int = 0
    pid: int | None = field(default=None)

    async def keep(self, stop: asyncio.Event, *, drain: float = 30.0) -> None:
        """Run it until `stop`, then let it finish for `drain` seconds."""
        failures = 0
        while not stop.is_set():
            began = asyncio.get_running_loop().time()
            code = await self._once(stop, drain)
            if stop.is_set():
                return
            self.restarts += 1
            steady = asyncio.get_running_loop().time() - began > _STEADY
            failures = 0 if steady else failures + 1
            log.warning("child ended", child=self.name, code=code, restarts=self.restarts)
            _ = await sleep(stop, backoff(failures, first=0.2, most=10.0))

    async def _once(self, stop: asyncio.Event, drain: float) -> int:
        process = await self._begin()
        self.pid = process.pid
        ended = asyncio.create_task(process.wait())
        others: list[asyncio.Task[Any]] = [asyncio.create_task(stop.wait())]
        if self.pulse is not None:
            others.append(asyncio.create_task(self.pulse.lost()))
        _ = await asyncio.wait({ended, *others}, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            _ = task.cancel()
        if stop.is_set() and not ended.done():
            process.terminate()
            _ = await asyncio.wait({ended}, timeout=drain)
        if not ended.done():
            log.error("child killed", child=self.name, asked_to_stop=stop.is_set())
            process.kill()
        code = await ended
        self.pid = None
        return code

    async def _begin(self) -> asyncio.subprocess.Process:
        with self.output.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *self.command,
                env={**os.environ, **self.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=end_with_owner,
                start_new_session=True,  # Ctrl-C is for the owner, who stops its children
            )
