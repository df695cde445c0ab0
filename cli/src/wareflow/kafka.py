"""A Kafka for this shop: the one that is named, or one started on this machine's Java."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

_RUNNER = Path(__file__).parents[3] / "tools" / "kafka" / "local_kafka.py"


@asynccontextmanager
async def local_kafka(
    data: Path, *, wanted: bool, say: Callable[[str], None]
) -> AsyncGenerator[str | None]:
    """The bootstrap address, None if no Kafka is wanted; a started broker ends with the block."""
    if not wanted:
        yield None
        return
    if given := os.environ.get("KAFKA_BOOTSTRAP"):
        yield given
        return
    if not _RUNNER.exists():
        raise RuntimeError("say where Kafka is: KAFKA_BOOTSTRAP=host:port")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(_RUNNER),
        *("--data", str(data)),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield await _address(process, say)
    finally:
        if process.returncode is None:
            process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(20):
                _ = await process.wait()


async def _address(process: asyncio.subprocess.Process, say: Callable[[str], None]) -> str:
    assert process.stdout is not None
    say("starting Kafka")
    if line := (await process.stdout.readline()).decode().strip():
        return line
    raise RuntimeError(f"Kafka did not start (exit code {await process.wait()})")
