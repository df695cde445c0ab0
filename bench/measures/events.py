"""Relay and consumer on both brokers."""

from typing import NamedTuple

from bench.children import inside
from bench.rows import Row, Rows, near
from bench.stage import Stage

NAME, TITLE = "events", "Carrying events"
_RAW = {"postgres": "the bare log", "kafka": "raw aiokafka"}


class _Work(NamedTuple):
    name: str
    client: str
    """What the bare client does, which promises nothing."""
    promise: str
    """The statements that the promise needs, and nothing around them."""
    needs: str


_WORK = (
    _Work("relayed", "appended", "carried", "read from an outbox, appended and deleted"),
    _Work("consumed", "read", "stored", "read, and stored with inbox, place and effect"),
)


async def measure(stage: Stage) -> list[Row]:
    """Each beside the bare client of its log, which stores nothing and forgets what it reads, and
    beside the bare statements of its promise, which show how much of the way to that is bound.
    """
    rows, sizes = Rows(NAME), stage.sizes
    found: list[Row] = []
    for kind, raw in _RAW.items():
        stage.say(f"events: {sizes.events:,} on {kind}")
        told = await inside("events", kind=kind, events=sizes.events, rounds=sizes.reads.rounds)
        for work in _WORK:
            figure = told[work.name]
            name = f"{kind}: {work.name}; floor: {work.client} by {raw}"
            found.append(rows.rate(name, figure, "per s", floor=told[work.client], aim=near(0.5)))
            name = f"{kind}: {work.name}; floor: {work.needs} by bare statements"
            found.append(rows.rate(name, figure, "per s", floor=told[work.promise]))
    return found
