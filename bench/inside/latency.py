"""From a commit to the commit that applied its event elsewhere, at half of what goes through."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from bench.inside.running import opened, server, tell
from bench.inside.traffic import a_change, hearer
from bench.load import percentile
from wareflow_events import inbox
from wareflow_events.broker import Broker
from wareflow_events.consumer import ConsumerGroup
from wareflow_events.contract.service import TOPICS, Service, running

_AT_ONCE = 4


@dataclass
class Arrivals:
    """When each event was applied; `more` is set when any was."""

    at: dict[int, float] = field(default_factory=dict[int, float])
    more: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, numbers: list[int]) -> None:
        """They were, just now."""
        self.at.update(dict.fromkeys(numbers, time.perf_counter()))
        self.more.set()

    async def are(self, number: int) -> None:
        """Wait until so many have arrived."""
        while len(self.at) < number:
            self.more.clear()
            _ = await self.more.wait()


async def main(kind: str, events: int, seconds: float) -> Any:
    """The throughput from commit to commit, and the waits at half of it, in milliseconds."""
    with server() as started:
        async with opened(kind, started) as (broker, _):
            service = Service(await started.aensure_database(f"crm_{uuid4().hex}"), group="crm.x")
            await service.make_tables()
            await broker.ensure_topics(TOPICS)
            arrivals = Arrivals()
            consumer, group = hearer(service, broker, arrivals.note)
            await _stand_at_the_end(service, broker, group)
            async with service.relaying(broker), running(consumer):
                capacity = await _capacity(service, arrivals, events)
                waits, commits = await _waits(service, arrivals, rate=capacity / 2, seconds=seconds)
            await service.engine.dispose()
    return {
        "capacity": capacity,
        "p50": percentile(waits, 0.5) * 1000,
        "p99": percentile(waits, 0.99) * 1000,
        "commit_p99": percentile(commits, 0.99) * 1000,
    }


async def _stand_at_the_end(service: Service, broker: Broker, group: ConsumerGroup) -> None:
    """A broker that is not ours alone has records already."""
    ends = await broker.ends(TOPICS)
    async with service.engine.begin() as connection:
        _ = await inbox.register(connection, consumer=group.name, ends=ends)
        for place, end in ends.items():
            _ = await connection.exec_driver_sql(
                "UPDATE consumer_offset SET next = $1 WHERE topic = $2 AND partition = $3",
                (end, place.topic, place.partition),
            )


async def _capacity(service: Service, arrivals: Arrivals, events: int) -> float:
    """Events a second from the first commit until all are applied, one event a transaction."""
    each = events // _AT_ONCE
    began = time.perf_counter()
    _ = await asyncio.gather(
        *(_commit(service, range(part * each, (part + 1) * each)) for part in range(_AT_ONCE))
    )
    await arrivals.are(each * _AT_ONCE)
    return each * _AT_ONCE / (time.perf_counter() - began)


@dataclass(frozen=True)
class _Committed:
    """When a transaction had committed, and how long that took."""

    at: float
    seconds: float


async def _commit(service: Service, numbers: Iterable[int]) -> dict[int, _Committed]:
    """An event a transaction."""
    committed: dict[int, _Committed] = {}
    for number in numbers:
        began = time.perf_counter()
        async with service.transactions.begin() as tx:
            tx.publish(a_change(number))
        at = time.perf_counter()
        committed[number] = _Committed(at, at - began)
    return committed


async def _waits(
    service: Service, arrivals: Arrivals, *, rate: float, seconds: float
) -> tuple[list[float], list[float]]:
    """Commits at an even rate, whether or not the ones before are through; the waits until each
    was applied, and how long the commits took themselves."""
    before = len(arrivals.at)
    number = max(10, int(rate * seconds))
    began = time.perf_counter()
    commits: list[asyncio.Task[dict[int, _Committed]]] = []
    async with asyncio.TaskGroup() as tasks:
        for n in range(number):
            await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
            commits.append(tasks.create_task(_commit(service, [before + n])))
    await arrivals.are(before + number)
    made = [one for commit in commits for one in commit.result().items()]
    # What is applied before the publisher's own task goes on counts as no wait.
    waits = [max(0.0, arrivals.at[number] - committed.at) for number, committed in made]
    return waits, [committed.seconds for _, committed in made]


if __name__ == "__main__":
    tell(main)
