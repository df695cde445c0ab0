"""Events of a key are numbered 1..n, and their ids are in the order of their commits."""

import asyncio
import random
from collections import defaultdict
from uuid import UUID, uuid4

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from sqlalchemy import text

from wareflow_events.contract.service import Service, a_registration
from wareflow_events.schemas.analytics import ActivityRecorded
from wareflow_events.transaction import Transactions

ROWS = text("SELECT id, event_id, topic, key, type, sequence, traceparent FROM outbox ORDER BY id")


async def rows(service: Service) -> list[tuple[str, int | None]]:
    async with service.engine.connect() as connection:
        return [(row.key, row.sequence) for row in await connection.execute(ROWS)]


async def test_each_key_counts_from_one(service: Service) -> None:
    one, other = uuid4(), uuid4()
    await service.register([one, other, one])
    await service.register([one, other])
    assert await rows(service) == [
        (str(one), 1),
        (str(other), 1),
        (str(one), 2),
        (str(one), 3),
        (str(other), 2),
    ]


async def test_what_was_rolled_back_leaves_no_hole(service: Service) -> None:
    customer = uuid4()
    await service.register([customer])
    try:
        async with service.transactions.begin() as tx:
            tx.publish(a_registration(customer))
            _ = await tx.write()
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    await service.register([customer])
    assert await rows(service) == [(str(customer), 1), (str(customer), 2)]


async def test_rivals_leave_no_hole_and_no_inversion(service: Service) -> None:
    """Twelve writers, eight keys, in any order, some rolled back, some slow to commit."""
    customers = [uuid4() for _ in range(8)]
    dice = random.Random(7)
    committed: dict[UUID, int] = defaultdict(int)

    async def writer() -> None:
        for _ in range(25):
            chosen = dice.choices(customers, k=dice.randint(1, 5))
            fate = dice.random()
            try:
                async with service.transactions.begin() as tx:
                    for customer in chosen:
                        tx.publish(a_registration(customer))
                    _ = await tx.write()
                    await asyncio.sleep(fate / 200)
                    if fate < 0.1:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue
            for customer in chosen:
                committed[customer] += 1

    _ = await asyncio.gather(*(writer() for _ in range(12)))
    found: dict[str, list[int | None]] = defaultdict(list)
    for key, sequence in await rows(service):
        found[key].append(sequence)
    assert found == {str(c): list(range(1, number + 1)) for c, number in committed.items()}


async def test_activity_is_not_numbered(service: Service) -> None:
    transactions = Transactions(service.engine, service="analytics")
    async with transactions.begin() as tx:
        tx.publish(
            ActivityRecorded(
                activity_id=tx.new_id(),
                visitor_id="v1",
                name="view_item",
                occurred_at=tx.now,
                collected_at=tx.now,
            )
        )
    assert await rows(service) == [("v1", None)]
    assert await service.count("event_stream") == 0


async def test_the_trace_of_the_request_travels(service: Service) -> None:
    request = SpanContext(trace_id=0xABC, span_id=0xDEF, is_remote=False, trace_flags=TraceFlags(1))
    with trace.use_span(NonRecordingSpan(request)):
        await service.register([uuid4()])
    async with service.engine.connect() as connection:
        row = (await connection.execute(ROWS)).one()
    assert row.traceparent == f"00-{0xABC:032x}-{0xDEF:016x}-01"
