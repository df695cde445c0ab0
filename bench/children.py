"""Child processes on the serving core; they end with this one."""

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from bench.client import Connection, request
from bench.machine import SERVING, on

_PR_SET_PDEATHSIG = 1
HOST = "127.0.0.1"
_PATIENCE = 1200.0
"""Seconds for a program inside; what takes longer hangs."""


class ChildFailed(RuntimeError):
    """A program of the benchmark ended with an error."""


def _child_on(*cores: int) -> Callable[[], None]:
    def prepare() -> None:
        on(*cores)()
        _ = ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return prepare


@asynccontextmanager
async def program(
    command: Sequence[str],
    *,
    output: Path,
    environment: Mapping[str, str] | None = None,
    cores: Sequence[int] = (SERVING,),
) -> AsyncGenerator[subprocess.Popen[bytes]]:
    """A program that runs until the block ends, then is asked to stop."""
    with output.open("ab") as log:
        process = subprocess.Popen(  # noqa: ASYNC220  it returns at once
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **(environment or {})},
            preexec_fn=_child_on(*cores),  # noqa: PLW1509  what it calls takes no lock
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        await asyncio.to_thread(_ended, process)


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        _ = process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        _ = process.wait()


async def answers(
    process: subprocess.Popen[bytes], find: Callable[[], str | None], *, path: str, output: Path
) -> str:
    """The address of a server, once `find` knows it and `path` there answers 200."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ChildFailed(f"{process.args!r} ended: {_end_of(output)}")
        if (address := find()) and await _is_up(address, path):
            return address
        await asyncio.sleep(0.02)
    raise ChildFailed(f"{process.args!r} does not answer: {_end_of(output)}")


def _end_of(output: Path) -> str:
    return output.read_text()[-2000:]


async def _is_up(address: str, path: str) -> bool:
    line = Connection(address)
    try:
        return (await line.ask(request("GET", path))).status == 200
    except OSError:
        return False
    finally:
        line.close()


@asynccontextmanager
async def floor(module: str, *arguments: str, output: Path) -> AsyncGenerator[str]:
    """The address of a floor program of `bench.floors`."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    address = f"http://{HOST}:{port}"
    command = [sys.executable, "-m", f"bench.floors.{module}", str(port), *arguments]
    async with program(command, output=output) as process:
        yield await answers(process, lambda: address, path="/up", output=output)


async def inside(module: str, **parameters: Any) -> Any:
    """Run a program of `bench.inside` on the serving core; the JSON that it prints last."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"bench.inside.{module}", orjson.dumps(parameters).decode()),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=_child_on(SERVING),
    )
    async with asyncio.timeout(_PATIENCE):
        told, errors = await process.communicate()
    if process.returncode:
        raise ChildFailed(f"bench.inside.{module}: {errors.decode()[-3000:]}")
    return orjson.loads(told.splitlines()[-1])
