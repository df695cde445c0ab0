"""A service in a process of its own, as in production, whose memory can be read from outside."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True)
class Served:
    """The address of a running API, and its process."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def memory(self) -> int:
        """Bytes of memory it holds now."""
        return self._status("VmRSS")

    def most_memory(self) -> int:
        """The most bytes of memory it ever held."""
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"the kernel does not tell {name}")


@asynccontextmanager
async def running_service(package: str, settings: Mapping[str, str]) -> AsyncGenerator[Served]:
    """Run `python -m <package> api` until the block ends."""
    port = _free_port()
    environment = {
        **os.environ,
        "WAREFLOW_PORT": str(port),
        "WAREFLOW_LOG_LEVEL": "error",
        "WAREFLOW_DRAIN_SECONDS": "2",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", package, "api", env=environment
    )
    try:
        await _ready(port, process)
        yield Served(port, process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        _ = await process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


async def _ready(port: int, process: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + 60
    async with httpx.AsyncClient() as http:
        while time.monotonic() < deadline:
            assert process.returncode is None, f"it ended with {process.returncode}"
            try:
                if (await http.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError("it was not ready within a minute")
