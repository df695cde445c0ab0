"""The contract of a broker together with relay, consumer and a service's database."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID, uuid4

from wareflow_events.broker import Broker
from wareflow_events.contract.service import TOPICS, Service, Stopped, a_customer_record
from wareflow_events.contract.support import Log, a_group, eventually
from wareflow_events.partitioner import partition_of


@asynccontextmanager
async def _started(log: Log, dsn: str) -> AsyncGenerator[tuple[Service, Broker]]:
    service, broker = Service(dsn, group=a_group()), log.connect()
    await service.make_tables()
    await broker.ensure_topics(TOPICS)
    try:
        yield service, broker
    finally:
        await broker.close()
        await service.engine.dispose()


class ConsumerContract:
    """Subclasses give fixtures `log` and `service_dsn`, a fresh database."""

    async def test_what_is_published_is_applied_once_and_in_order(
        self, log: Log, service_dsn: str
    ) -> None:
        """Two members; the broker is interrupted while the events flow."""
        customers = [uuid4() for _ in range(20)]
        async with _started(log, service_dsn) as (service, broker):
            other = log.connect()
            await other.ensure_topics(TOPICS)
            async with service.relaying(broker), service.hearing(broker), service.hearing(other):
                for part in range(10):
                    interruption = asyncio.create_task(log.interrupt()) if part == 5 else None
                    await service.register(customers)
                    await service.register(customers[:5])
                    if interruption:
                        await interruption
                await eventually(lambda: _heard_of(service, customers, 250))
            heard = await service.heard()
            assert await service.count("outbox") == 0
            assert await service.count("dead_letter") == 0
            await other.close()
        for customer_id in customers:
            times = 20 if customer_id in customers[:5] else 10
            assert heard[str(customer_id)] == list(range(1, times + 1))

    async def test_a_member_that_stood_still_is_fenced(self, log: Log, service_dsn: str) -> None:
        customers = [uuid4() for _ in range(30)]
        async with _started(log, service_dsn) as (service, broker):
            zombie, other = Stopped(broker), log.connect()
            await other.ensure_topics(TOPICS)
            async with service.relaying(broker):
                await service.register(customers)
                await eventually(lambda: _counts(service, "outbox", 0))
                async with service.hearing(cast("Broker", zombie)):
                    _ = await zombie.fetched.wait()
                    async with service.hearing(other):
                        await log.disown()
                        await eventually(lambda: _heard_of(service, customers, 5))
                        zombie.gate.set()
                        await service.register(customers)
                        await eventually(lambda: _heard_of(service, customers, 60))
            heard = await service.heard()
            await other.close()
        assert {str(c): heard[str(c)] for c in customers} == {str(c): [1, 2] for c in customers}

    async def test_poison_stops_its_own_key_only(self, log: Log, service_dsn: str) -> None:
        sick, *well = (uuid4() for _ in range(20))
        async with _started(log, service_dsn) as (service, broker):
            producer = await broker.producer()
            await producer.send(
                [
                    a_customer_record(c, sequence=n, data=b"{" if c == sick and n == 2 else None)
                    for n in range(1, 5)
                    for c in [sick, *well]
                ]
            )
            await producer.close()
            async with service.hearing(broker):
                mine = f"dead_letter WHERE key = '{sick}'::text::bytea"
                await eventually(lambda: _counts(service, mine, 3))
                await eventually(lambda: _heard_of(service, well, 4 * len(well)))
            heard = await service.heard()
            assert await service.count(f"parked_key WHERE key = '{sick}'::text::bytea") == 1
        assert heard[str(sick)] == [1]
        assert all(heard[str(c)] == [1, 2, 3, 4] for c in well)
        partitions = TOPICS[0].partitions
        home = partition_of(str(sick).encode(), partitions)
        assert any(partition_of(str(c).encode(), partitions) != home for c in well)


async def _heard_of(service: Service, customers: list[UUID], number: int) -> bool:
    heard = await service.heard()
    return sum(len(heard.get(str(c), ())) for c in customers) >= number


async def _counts(service: Service, what: str, number: int) -> bool:
    return await service.count(what) == number
