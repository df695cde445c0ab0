"""A flood of slow, large and many requests against a running shop, and how others fare meanwhile.

`make flood` starts a shop on loopback, reads as a shopper does before and during the flood, and
prints how long that took and what memory the process has. Bounded in time and in number.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx
from tests.hostile.shop_process import running_shop

Attack = Callable[["Target"], Awaitable[str]]
ROOT = Path(__file__).parents[2]
_PAGE = "/catalog/v1/products?limit=24"
_HEAD = b"%s HTTP/1.1\r\nHost: shop\r\n"
_PIECE = b"x" * 65_536
_BODY = 5_000_000
_PAUSE = 0.03


@dataclass
class Target:
    """Where the shop is."""

    host: str
    port: int
    url: str
    pid: int

    @classmethod
    def of(cls, url: str, pid: int) -> Self:
        where = urlsplit(url)
        assert where.hostname is not None
        assert where.port is not None
        return cls(where.hostname, where.port, url, pid)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port)

    def processor(self) -> tuple[float, float]:
        """Seconds that its loop has run, and waited for a processor to run on."""
        ran, waited, _ = Path(f"/proc/{self.pid}/schedstat").read_text().split()
        return int(ran) / 1e9, int(waited) / 1e9

    def memory(self) -> int:
        """Megabytes that the process has in memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) // 1024


@dataclass
class Readings:
    """What a shopper saw."""

    waits: list[float] = field(default_factory=list[float])
    statuses: Counter[str] = field(default_factory=Counter[str])
    ran: float = 0.0
    """The share of the time in which the shop's loop had a processor."""
    waited: float = 0.0
    """The share in which it was ready and others had them: then it is the machine that is slow."""

    def at(self, share: float) -> float:
        """Milliseconds that this share of the answers did not take longer than."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


@dataclass
class Outcome:
    """How it was before and during the flood."""

    before: Readings
    during: Readings
    memory_before: int
    memory_during: int
    endings: Counter[str]
    """How the connections of the flood ended."""


async def read(target: Target, seconds: float) -> Readings:
    """A shopper: by turns on a connection that is kept, and on a new one."""
    found = Readings()
    start, (ran, waited) = time.monotonic(), target.processor()
    until = start + seconds
    async with httpx.AsyncClient(base_url=target.url, timeout=30) as kept:
        for turn in itertools.count():
            if time.monotonic() >= until:
                spent = time.monotonic() - start
                now = target.processor()
                found.ran, found.waited = (now[0] - ran) / spent, (now[1] - waited) / spent
                return found
            began = time.monotonic()
            found.statuses[await (_once(kept) if turn % 2 else _anew(target))] += 1
            found.waits.append(time.monotonic() - began)
            await asyncio.sleep(_PAUSE)
    raise AssertionError


async def _once(http: httpx.AsyncClient) -> str:
    for attempt in (1, 2):  # as browsers do when a kept connection turns out to be closed
        try:
            return str((await http.get(_PAGE)).status_code)
        except httpx.TransportError as error:
            if attempt == 2:
                return type(error).__name__
    raise AssertionError


async def _anew(target: Target) -> str:
    async with httpx.AsyncClient(base_url=target.url, timeout=30, verify=False) as http:
        return await _once(http)


async def slow_head(target: Target) -> str:
    """A byte of a header a second, for ever."""
    reader, writer = await target.connect()
    return await _trickle(reader, writer, _HEAD % b"GET /catalog/v1/products" + b"X-Slow: ")


async def slow_body(target: Target) -> str:
    """A byte of a body a second, for ever."""
    reader, writer = await target.connect()
    head = _HEAD % b"POST /orders/v1/carts" + b"Content-Length: 900000\r\n\r\n"
    return await _trickle(reader, writer, head)


async def _trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> str:
    with contextlib.closing(writer):
        writer.write(head)
        while True:
            writer.write(b"x")
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    return _ending(await reader.read(100))


async def large_body(target: Target) -> str:
    """As much as it takes, as fast as it goes, without saying how much."""
    reader, writer = await target.connect()
    with contextlib.closing(writer):
        writer.write(_HEAD % b"POST /orders/v1/carts" + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(_BODY // len(_PIECE)):
            writer.write(b"%x\r\n%s\r\n" % (len(_PIECE), _PIECE))
            await writer.drain()
        return _ending(await reader.read(100))


async def no_reader(target: Target) -> str:
    """Asks for much, again and again, and does not look at it."""
    _, writer = await target.connect()
    with contextlib.closing(writer):
        writer.transport.pause_reading()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        while not writer.is_closing():
            writer.write(_HEAD % b"GET /openapi.json" + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0.5)
        return "closed"


def _ending(answer: bytes) -> str:
    return answer.split(b" ")[1].decode() if answer.startswith(b"HTTP/1.1 ") else "closed"


async def again_and_again(attack: Attack, target: Target, endings: Counter[str]) -> None:
    """One place of the flood: whenever its connection ends it makes another."""
    while True:
        try:
            ending = await attack(target)
        except OSError as error:
            ending = type(error).__name__
        endings[f"{attack.__name__} {ending}"] += 1
        await asyncio.sleep(0.2)


def places(connections: int) -> Sequence[Attack]:
    """Mostly slow ones, for those cost the least to make."""
    few = max(1, connections // 100)
    return [
        *[large_body] * min(4, few),
        *[no_reader] * min(20, few),
        *[slow_body] * (connections // 4),
        *[slow_head] * (connections * 3 // 4),
    ]


async def attack(target: Target, *, seconds: float, connections: int) -> Counter[str]:
    """The flood itself; how its connections ended."""
    endings: Counter[str] = Counter()
    tasks = [
        asyncio.create_task(again_and_again(each, target, endings)) for each in places(connections)
    ]
    await asyncio.sleep(seconds)
    for task in tasks:
        _ = task.cancel()
    _ = await asyncio.gather(*tasks, return_exceptions=True)
    return endings


async def flood(target: Target, *, seconds: float, connections: int) -> Outcome:
    """Read, then read while another process floods."""
    async with httpx.AsyncClient(base_url=target.url, timeout=60) as http:
        _ = await http.get("/openapi.json")  # made when it is first asked for
    _ = await read(target, 1)
    before, memory_before = await read(target, seconds / 2), target.memory()
    told = ("--at", target.url, "--seconds", f"{seconds + 2}", "--connections", f"{connections}")
    attacking = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.hostile.flood", *told), stdout=subprocess.PIPE, cwd=ROOT
    )
    await asyncio.sleep(3)
    reading, most = asyncio.create_task(read(target, seconds)), 0
    while not reading.done():
        most = max(most, target.memory())
        await asyncio.sleep(0.2)
    said, _ = await attacking.communicate()
    return Outcome(before, await reading, memory_before, most, Counter(json.loads(said)))


async def shop_under_flood(*, seconds: float, connections: int) -> Outcome:
    """Start a shop for it."""
    with tempfile.TemporaryDirectory(prefix="wareflow-flood-") as folder:
        Path(folder).chmod(0o711)
        async with (
            running_shop(Path(folder)) as running,
            httpx.AsyncClient(base_url=running.url) as http,
        ):
            async with asyncio.timeout(90):
                while not (await http.get(_PAGE)).json().get("items"):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            target = Target.of(running.url, running.pid)
            return await flood(target, seconds=seconds, connections=connections)


def report(outcome: Outcome) -> str:
    """What came of it, as lines."""
    heads = ("answers", "p50 ms", "p99 ms", "RSS MB", "ran", "waited")
    lines = [" " * 8 + "".join(f"{head:>9}" for head in heads)]
    for name, readings, memory in (
        ("before", outcome.before, outcome.memory_before),
        ("during", outcome.during, outcome.memory_during),
    ):
        waits = (len(readings.waits), readings.at(0.5), readings.at(0.99))
        row = "{:8} {:8d} {:8.1f} {:8.1f} {:8d} {:8.0%} {:8.0%}"
        lines.append(row.format(name, *waits, memory, readings.ran, readings.waited))
    lines.append(f"shoppers were answered: {dict(outcome.during.statuses)}")
    lines.append(f"the flood's connections ended: {dict(outcome.endings)}")
    return "\n".join(lines)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="make flood")
    _ = parser.add_argument("--seconds", type=float, default=20)
    _ = parser.add_argument("--connections", type=int, default=1200)
    _ = parser.add_argument("--at", help="Only flood the shop at this address, of this machine")
    told = parser.parse_args()
    limits = {"seconds": min(told.seconds, 600), "connections": min(told.connections, 5000)}
    if told.at:
        target = Target.of(told.at, 0)
        assert target.host == "127.0.0.1"
        print(json.dumps(asyncio.run(attack(target, **limits))))  # noqa: T201
    else:
        print(report(asyncio.run(shop_under_flood(**limits))))  # noqa: T201


if __name__ == "__main__":
    main()
