"""A shop in a process of its own, as whoever runs one starts it."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from wareflow import state

_PROGRAM = "from wareflow.main import app; app()"


@asynccontextmanager
async def running_shop(data: Path, *options: str) -> AsyncGenerator[state.Running]:
    """A shop on a free port, whose output is in `shop.log`; stopped at the end."""
    command = ("serve", "--data", str(data), "--port", "0", *options)
    with (data / "shop.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _PROGRAM, *command, stdout=log, stderr=log
        )
    try:
        async with asyncio.timeout(90):
            while not (data / "running.json").exists():
                assert process.returncode is None, (data / "shop.log").read_text()
                await asyncio.sleep(0.1)
        yield state.read(data)
    finally:
        if process.returncode is None:
            process.terminate()
        _ = await asyncio.wait_for(process.wait(), 60)
