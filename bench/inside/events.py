"""Relay and consumer, the bare clients of the same log, and the bare statements of what both
promise: events a second."""

import asyncio
from typing import Any
from uuid import uuid4

from bench.inside.bare import bare, carry, store
from bench.inside.running import opened, per_second, server, tell
from bench.inside.traffic import hearer, publish, records
from bench.load import medians
from wareflow_events.broker import Broker
from wareflow_events.contract import eventually
from wareflow_events.contract.service import TOPICS, Service, running


async def main(kind: str, events: int, rounds: int) -> Any:
    """Medians: relayed, consumed, appended and read by the bare client, carried and stored by bare
    statements."""
    with server() as started:
        async with opened(kind, started) as (broker, where):
            dsn = await started.aensure_database(f"crm_{uuid4().hex}")
            service = Service(dsn, group="crm.x")
            await service.make_tables()
            await broker.ensure_topics(TOPICS)
            made = records(events)
            append, read = bare(kind, broker, where, made)

            async def relayed() -> float:
                await publish(service, events)
                return await per_second(events, relay(service, broker))

            async def carried() -> float:
                await publish(service, events)
                return await per_second(events, carry(dsn, broker, made))

            found = await medians(
                rounds,
                lambda: per_second(events, append()),
                relayed,
                carried,
                lambda: per_second(events, read()),
                lambda: per_second(events, consume(service, broker, events)),
                lambda: per_second(events, store(dsn, kind, broker, where, events)),
            )
            await service.engine.dispose()
    names = ("appended", "relayed", "carried", "read", "consumed", "stored")
    return dict(zip(names, found, strict=True))


async def relay(service: Service, broker: Broker) -> None:
    """Empty the outbox."""
    async with service.relaying(broker):
        await eventually(lambda: _is_empty(service), within=600)


async def _is_empty(service: Service) -> bool:
    return not await service.count("(SELECT FROM outbox LIMIT 1) AS o")


async def consume(service: Service, broker: Broker, number: int) -> None:
    """Hear so many from the beginning: decode, deduplicate, and write a row for each."""
    applied, done = 0, asyncio.Event()

    def count(numbers: list[int]) -> None:
        nonlocal applied
        applied += len(numbers)
        if applied >= number:
            done.set()

    consumer, _ = hearer(service, broker, count)
    async with running(consumer):
        _ = await done.wait()


if __name__ == "__main__":
    tell(main)
