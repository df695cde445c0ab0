"""Imported by every Python that has this folder in its path: it says where its time goes.

Every 2 ms of processor time the main thread notes what it is doing. A first SIGUSR2 begins, a
second one writes what was noted to the file that WAREFLOW_SAMPLES names. Unlike a sampler from
outside it sees who awaits what runs in SQLAlchemy's greenlets.
"""

import asyncio
import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any

_EVERY = 0.002
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)[a-z]{2,3}_[A-Za-z0-9]+")
_LIBRARY = re.compile(r"/lib/python3\.\d+/(?:site-packages/(\w+))?|^<")

_noted: Counter[tuple[str, str]] = Counter()


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """The innermost first, through all greenlets that wait for this one."""
    greenlet = sys.modules.get("greenlet")
    parent: Any = greenlet.getcurrent().parent if greenlet else None
    while True:
        while frame is not None:
            yield frame
            frame = frame.f_back
        if parent is None:
            return
        frame, parent = parent.gr_frame, parent.parent


def _library(frame: FrameType | None) -> str:
    """The innermost package that is none of Python's own; ours go by the name of the product."""
    for one in _frames(frame):
        found = _LIBRARY.search(one.f_code.co_filename)
        if found is None:
            return "wareflow"
        if found[1]:
            return found[1]
    return "python"


def _doing() -> str:
    """The request that is answered, or the task that runs."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is None:
        return "the event loop"
    running: Any = task.get_coro()
    holder = running.cr_frame.f_locals.get("self") if running.cr_frame else None
    scope: dict[str, str] | None = getattr(holder, "scope", None)
    if scope is not None:
        return f"{scope['method']} {_ID.sub('{id}', scope['path'])}"
    group = getattr(holder, "group", None)
    name = getattr(group, "name", None) or getattr(holder, "name", None)
    return " ".join(filter(None, (running.__qualname__, name if isinstance(name, str) else "")))


def _note(_signal: int, frame: FrameType | None) -> None:
    _noted[_doing(), _library(frame)] += 1


def _turn(_signal: int, _frame: FrameType | None) -> None:
    if signal.getitimer(signal.ITIMER_PROF)[0]:
        _ = signal.setitimer(signal.ITIMER_PROF, 0)
        rows = [(doing, library, count) for (doing, library), count in _noted.items()]
        samples = os.environ["WAREFLOW_SAMPLES"]
        with open(f"{samples}.part", "w") as file:  # noqa: PTH123
            json.dump(rows, file)
        os.replace(f"{samples}.part", samples)  # noqa: PTH105  whoever waits for it finds all
    else:
        _noted.clear()
        _ = signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)


if os.environ.get("WAREFLOW_SAMPLES"):
    _ = signal.signal(signal.SIGPROF, _note)
    _ = signal.signal(signal.SIGUSR2, _turn)
