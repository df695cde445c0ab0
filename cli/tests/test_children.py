"""Child processes are kept alive."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from wareflow.children import Child
from wareflow.pulse import Pulse
from wareflow_postgres.launch import free_port


def a_child(folder: Path, program: str) -> Child:
    return Child(
        name="child",
        command=[sys.executable, "-c", program],
        environment={"MARK": "marked"},
        output=folder / "child.log",
    )


def output_of(child: Child) -> str:
    return child.output.read_text() if child.output.exists() else ""


async def eventually(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not look():  # noqa: ASYNC110  another process does it
            await asyncio.sleep(0.02)


async def test_one_that_is_killed_is_started_anew(tmp_path: Path) -> None:
    child = a_child(tmp_path, "import time; time.sleep(60)")
    stop = asyncio.Event()
    keeping = asyncio.create_task(child.keep(stop))
    await eventually(lambda: child.pid is not None)
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: child.restarts == 1 and child.pid not in (None, first))
    stop.set()
    await keeping
    assert child.pid is None


async def test_it_gets_its_environment_and_its_output_is_kept(tmp_path: Path) -> None:
    child = a_child(
        tmp_path, "import os,time; print(os.environ['MARK'], flush=True); time.sleep(60)"
    )
    stop = asyncio.Event()
    keeping = asyncio.create_task(child.keep(stop))
    await eventually(lambda: child.output.exists() and "marked" in child.output.read_text())
    stop.set()
    await keeping


async def test_one_that_does_not_stop_in_time_is_killed(tmp_path: Path) -> None:
    deaf = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)"
    child = a_child(tmp_path, f"{deaf}; time.sleep(60)")
    stop = asyncio.Event()
    keeping = asyncio.create_task(child.keep(stop, drain=0.2))
    await eventually(lambda: child.output.exists() and child.output.read_text() != "")
    stop.set()
    async with asyncio.timeout(10):
        await keeping


async def test_one_that_is_stopped_for_long_is_killed_and_started_anew(tmp_path: Path) -> None:
    port = free_port()
    child = replace(
        a_child(tmp_path, f"import http.server as h; h.test(port={port}, bind='127.0.0.1')"),
        pulse=Pulse(f"http://127.0.0.1:{port}/", every=0.1, patience=2),
    )
    stop = asyncio.Event()
    keeping = asyncio.create_task(child.keep(stop))
    await eventually(lambda: "GET /" in output_of(child))
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    await eventually(lambda: child.restarts == 1 and child.pid not in (None, first))
    stop.set()
    await keeping


async def test_one_that_never_answers_is_started_anew(tmp_path: Path) -> None:
    child = replace(
        a_child(tmp_path, "import time; time.sleep(60)"),
        pulse=Pulse(f"http://127.0.0.1:{free_port()}/", every=0.05, start=2),
    )
    stop = asyncio.Event()
    keeping = asyncio.create_task(child.keep(stop))
    await eventually(lambda: child.restarts == 1)
    stop.set()
    await keeping
