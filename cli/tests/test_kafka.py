"""The program that runs a shop's own Kafka is kept alive, at one address."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from wareflow import kafka

# Stands in for the program: says its address, notes how it was called, and waits for its end.
RUNNER = """
import os, sys, time
data = sys.argv[sys.argv.index("--data") + 1]
port = sys.argv[sys.argv.index("--port") + 1] if "--port" in sys.argv else "9092"
with open(data + "/starts", "a") as starts:
    starts.write(f"{os.getpid()} {port} {'--port' in sys.argv}\\n")
print("127.0.0.1:" + port, flush=True)
time.sleep(60)
"""


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder it is told; the program stands beside it."""
    program = tmp_path / "runner.py"
    _ = program.write_text(RUNNER)
    monkeypatch.setattr(kafka, "_RUNNER", program)
    monkeypatch.delenv("KAFKA_BOOTSTRAP", raising=False)
    return tmp_path


async def starts(folder: Path, count: int) -> list[list[str]]:
    """Process id, port, and whether it was told the port, once there were so many starts."""
    async with asyncio.timeout(20):
        while True:
            file = folder / "starts"
            lines = file.read_text().splitlines() if file.exists() else []
            if len(lines) >= count:
                return [line.split() for line in lines]
            await asyncio.sleep(0.02)


async def test_one_that_is_killed_comes_back_at_its_address(runner: Path) -> None:
    async with kafka.local_kafka(runner, wanted=True, say=lambda _: None) as bootstrap:
        assert bootstrap == "127.0.0.1:9092"
        ((first, _, told),) = await starts(runner, 1)
        assert told == "False"
        os.kill(int(first), signal.SIGKILL)
        _, (second, port, told) = await starts(runner, 2)
        assert (port, told) == ("9092", "True")
    with pytest.raises(ProcessLookupError):
        os.kill(int(second), 0)


async def test_the_one_that_is_named_is_taken(
    runner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "kafka:9092")
    async with kafka.local_kafka(runner, wanted=True, say=lambda _: None) as bootstrap:
        assert bootstrap == "kafka:9092"
    assert not (runner / "starts").exists()
