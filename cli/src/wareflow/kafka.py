"""A Kafka for this shop: the one that is named, or one started on this machine's Java."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from wareflow.children import end_with_owner
from wareflow_events.faults import backoff, sleep
from wareflow_kit.supervisor import Supervisor

log = structlog.get_logger(__name__)
_RUNNER = Path(__file__).parents[3] / "tools" / "kafka" / "local_kafka.py"
_STOP_LIMIT = 20.0


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
    say("starting Kafka")
    runner = await _Runner.start(data)
    supervisor = Supervisor()
    supervisor.start("kafka", runner.keep)
    try:
        yield runner.bootstrap
    finally:
        await supervisor.drain(2 * _STOP_LIMIT)


@dataclass
class _Runner:
    """The program that runs a broker and starts it again if it crashes."""

    data: Path
    bootstrap: str
    process: asyncio.subprocess.Process

    @classmethod
    async def start(cls, data: Path) -> "_Runner":
        """Return when the broker answers."""
        process, bootstrap = await _begin(data)
        return cls(data, bootstrap, process)

    async def keep(self, stop: asyncio.Event) -> None:
        """Start the program itself again, for the same address, until `stop`; then end it."""
        failures = 0
        while not stop.is_set():
            stopped = asyncio.create_task(stop.wait())
            ended = asyncio.create_task(self.process.wait())
            _ = await asyncio.wait({stopped, ended}, return_when=asyncio.FIRST_COMPLETED)
            _ = stopped.cancel()
            if stop.is_set():
                break
            failures += 1
            log.error("kafka ended", code=self.process.returncode, failures=failures)
            _ = await sleep(stop, backoff(failures, first=0.5, most=10.0))
            try:
                self.process, _ = await _begin(self.data, "--port", self.bootstrap.split(":")[1])
            except RuntimeError as error:
                log.warning("kafka does not start", error=str(error))
            else:
                failures = 0
        await _end(self.process)


async def _begin(data: Path, *options: str) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(_RUNNER),
        *("--data", str(data), *options),
        stdout=asyncio.subprocess.PIPE,
        preexec_fn=end_with_owner,
        start_new_session=True,
    )
    assert process.stdout is not None
    if line := (await process.stdout.readline()).decode().strip():
        return process, line
    raise RuntimeError(f"Kafka did not start (exit code {await process.wait()})")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_LIMIT):
            _ = await process.wait()
    except TimeoutError:
        process.kill()
