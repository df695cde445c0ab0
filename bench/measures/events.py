"""Relay and consumer on both brokers."""

from bench.children import inside
from bench.rows import Row, Rows, near
from bench.stage import Stage

NAME, TITLE = "events", "Carrying events"
_RAW = {"postgres": "the bare log", "kafka": "raw aiokafka"}


async def measure(stage: Stage) -> list[Row]:
    """Each beside the bare client of its log, which stores nothing and forgets what it reads."""
    rows, sizes = Rows(NAME), stage.sizes
    found: list[Row] = []
    for kind, raw in _RAW.items():
        stage.say(f"events: {sizes.events:,} on {kind}")
        told = await inside("events", kind=kind, events=sizes.events, rounds=sizes.reads.rounds)
        for what, floor in (("relayed", "appended"), ("consumed", "read")):
            name = f"{kind}: {what}; floor: {floor} by {raw}"
            found.append(rows.rate(name, told[what], "per s", floor=told[floor], aim=near(0.5)))
    return found
