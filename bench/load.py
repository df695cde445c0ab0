"""Load: connections that ask one thing after another, and what the answers took."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from bench.client import Connection


class Unexpected(AssertionError):
    """The server answered something else than what is measured."""


@dataclass
class Round:
    """What happened in one stretch of time."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list[float])
    """Seconds of each answer."""

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.waits) / self.seconds


@dataclass(frozen=True)
class Figure:
    """The medians of several rounds; waits are in milliseconds."""

    rate: float
    p50: float
    p99: float


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def figure(rounds: Sequence[Round]) -> Figure:
    """The rounds in short."""
    return Figure(
        rate=statistics.median(one.rate for one in rounds),
        p50=statistics.median(percentile(one.waits, 0.5) for one in rounds) * 1000,
        p99=statistics.median(percentile(one.waits, 0.99) for one in rounds) * 1000,
    )


@dataclass(frozen=True)
class Reads:
    """An endless run of requests to one address."""

    address: str
    requests: Iterator[bytes]
    expected: int = 200

    async def for_a_while(self, seconds: float, *, at_once: int) -> Round:
        """Ask over so many connections for so many seconds."""
        found = Round()
        with ExitStack() as stack:
            began = time.perf_counter()
            until = began + seconds

            async def one_after_another() -> None:
                line = stack.enter_context(closing(Connection(self.address)))
                while (sent_at := time.perf_counter()) < until:
                    answer = await line.ask(next(self.requests))
                    found.waits.append(time.perf_counter() - sent_at)
                    if answer.status != self.expected:
                        raise Unexpected(f"{answer.status}: {answer.body[:300]!r}")

            _ = await asyncio.gather(*(one_after_another() for _ in range(at_once)))
            found.seconds = time.perf_counter() - began
        return found


@dataclass(frozen=True)
class Pace:
    """How long and how often is measured."""

    rounds: int
    seconds: float
    warm_up: float
    at_once: int = 8


async def compared(pace: Pace, *contenders: Reads) -> list[Figure]:
    """Figures of several servers, measured in turns so that a change of the machine hits all."""
    for one in contenders:
        _ = await one.for_a_while(pace.warm_up, at_once=pace.at_once)
    found: list[list[Round]] = [[] for _ in contenders]
    for _ in range(pace.rounds):
        for rounds, one in zip(found, contenders, strict=True):
            rounds.append(await one.for_a_while(pace.seconds, at_once=pace.at_once))
    return [figure(rounds) for rounds in found]


async def medians(rounds: int, *works: Callable[[], Awaitable[float]]) -> list[float]:
    """The medians of several works' figures, each run `rounds` times in turns."""
    found: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for values, work in zip(found, works, strict=True):
            values.append(await work())
    return [statistics.median(values) for values in found]
