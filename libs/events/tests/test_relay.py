"""The relay carries every event, in order, and only one does at a time."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast
from uuid import UUID, uuid4

from prometheus_client import REGISTRY

from wareflow_events.broker import Broker, Record
from wareflow_events.contract import eventually
from wareflow_events.contract.service import TOPICS, Service, a_registration, running
from wareflow_events.envelope import from_record
from wareflow_events.postgres import PostgresBroker
from wareflow_events.relay import Relay


class Wire:
    """A broker that only takes; `fault` is asked before each batch."""

    def __init__(self) -> None:
        self.taken: list[Record] = []
        self.made = 0
        self.closed = 0
        self.fault: Callable[[Sequence[Record]], Awaitable[None]] | None = None

    async def producer(self) -> "Wire":
        self.made += 1
        return self

    async def send(self, records: Sequence[Record]) -> None:
        if self.fault is not None:
            await self.fault(records)
        self.taken += records

    async def close(self) -> None:
        self.closed += 1

    def sequences(self) -> dict[str, list[int | None]]:
        found: dict[str, list[int | None]] = {}
        for record in self.taken:
            found.setdefault(record.key.decode(), []).append(from_record(record).sequence)
        return found


def a_relay(service: Service, wire: Wire) -> Relay:
    return Relay(
        dsn=service.dsn,
        broker=cast("Broker", wire),
        service="crm",
        bell=service.transactions.committed,
    )


def leads() -> bool:
    return REGISTRY.get_sample_value("relay_leader", {"service": "crm"}) == 1


async def is_empty(service: Service) -> bool:
    return await service.count("outbox") == 0


async def test_events_leave_as_they_were_published_and_are_deleted(service: Service) -> None:
    wire, customer = Wire(), uuid4()
    await service.register([customer])
    async with running(a_relay(service, wire)):
        await eventually(lambda: len(wire.taken) == 1)
        await service.register([customer])
        await eventually(lambda: len(wire.taken) == 2)
        await eventually(lambda: is_empty(service))
        assert leads()
    assert not leads()
    first = from_record(wire.taken[0])
    assert first.open() == a_registration(customer)
    assert (first.source, first.key, first.sequence) == ("/wareflow/crm", str(customer), 1)
    assert wire.sequences() == {str(customer): [1, 2]}
    assert wire.closed == wire.made == 1


async def test_a_backlog_of_many_batches_leaves_in_order(service: Service) -> None:
    wire, customers = Wire(), [uuid4() for _ in range(50)]
    for _ in range(5):
        await service.register(customers * 10)
    async with running(a_relay(service, wire)):
        await eventually(lambda: len(wire.taken) == 2500)
    assert wire.sequences() == {str(c): list(range(1, 51)) for c in customers}


async def test_a_failed_batch_is_kept_and_sent_again_in_order_by_a_new_producer(
    service: Service,
) -> None:
    wire, customers = Wire(), [uuid4() for _ in range(5)]
    failures = 0

    async def twice(records: Sequence[Record]) -> None:
        nonlocal failures
        failures += 1
        if failures <= 2:
            wire.taken += records[:7]  # the acknowledgement of these was lost
            assert await service.count("outbox") == 15
            raise ConnectionResetError

    wire.fault = twice
    await service.register(customers * 3)
    async with running(a_relay(service, wire)):
        await eventually(lambda: is_empty(service))
    assert wire.made == 3
    for sequences in wire.sequences().values():
        assert list(dict.fromkeys(sequences)) == [1, 2, 3]
        assert sequences[-3:] == [1, 2, 3]


async def test_one_leads_and_another_takes_over(service: Service) -> None:
    wires = [Wire(), Wire()]
    customer = uuid4()
    async with running(a_relay(service, wires[0])):
        await eventually(leads)
        async with running(a_relay(service, wires[1])):
            for number in range(1, 21):
                await service.register([customer])
                await eventually(lambda number=number: len(wires[0].taken) == number)
            assert wires[1].made == 0
            await _end_session(service, "crm relay", leader=True)
            await service.register([customer] * 5)
            await eventually(lambda: is_empty(service))
    taken = sorted({from_record(r).sequence for wire in wires for r in wire.taken}, key=str)
    assert len(taken) == 25


async def _end_session(service: Service, name: str, *, leader: bool) -> None:
    async with service.engine.connect() as connection:
        _ = await connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity a WHERE application_name = $1"
            " AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory')"
            " = $2",
            (name, leader),
        )


async def test_an_event_that_commits_late_with_a_lower_id_is_found(service: Service) -> None:
    wire, slow, fast = Wire(), uuid4(), uuid4()
    async with running(a_relay(service, wire)):
        await eventually(leads)
        async with service.transactions.begin() as tx:
            tx.publish(a_registration(slow))
            _ = await tx.write()
            await service.register([fast])
            await eventually(lambda: [r.key.decode() for r in wire.taken] == [str(fast)])
        await eventually(lambda: len(wire.taken) == 2, within=5)


async def test_a_successor_does_not_overtake_an_event_that_committed_late(
    service: Service,
) -> None:
    """The key's first event has a lower id than what was sent meanwhile, its second a higher."""
    wire = Wire()
    slow, quick = uuid4(), uuid4()
    async with running(a_relay(service, wire)):
        await eventually(leads)
        for turn in range(1, 6):
            async with service.transactions.begin() as late:
                late.publish(a_registration(slow))
                assert await late.write()  # the id is drawn, the commit is still to come
                async with service.transactions.begin() as between:
                    between.publish(a_registration(quick))
                await eventually(
                    lambda turn=turn: len(wire.sequences().get(str(quick), ())) >= turn
                )
            async with service.transactions.begin() as next_one:
                next_one.publish(a_registration(slow))
        await eventually(lambda: is_empty(service))
    assert wire.sequences()[str(slow)] == list(range(1, 11))


async def test_a_leader_that_awaits_the_broker_shows_that_it_lives(service: Service) -> None:
    wire = Wire()

    async def slow(_: Sequence[Record]) -> None:
        await asyncio.sleep(4.5)  # longer than a session may be idle

    wire.fault = slow
    await service.register([uuid4()])
    async with running(a_relay(service, wire)):
        await eventually(lambda: is_empty(service))
    assert (wire.made, len(wire.taken)) == (1, 1)


STOPPED_RELAY = """
import asyncio, sys
from wareflow_events.bell import Bell
from wareflow_events.contract.service import TOPICS
from wareflow_events.postgres import PostgresBroker
from wareflow_events.relay import Relay

async def main():
    broker = PostgresBroker(sys.argv[2])
    await broker.ensure_topics(TOPICS)
    relay = Relay(dsn=sys.argv[1], broker=broker, service="crm", bell=Bell())
    print("ready", flush=True)
    await relay.run(asyncio.Event())

asyncio.run(main())
"""


async def test_a_stopped_process_loses_the_lead_and_no_event(
    service: Service, log_broker: PostgresBroker, log_dsn: str
) -> None:
    """SIGSTOP in the middle of the work, then SIGCONT: a zombie beside the new leader."""
    await log_broker.ensure_topics(TOPICS)
    customers = [uuid4() for _ in range(10)]
    arguments = [sys.executable, "-c", STOPPED_RELAY, service.dsn, log_dsn]
    zombie = await asyncio.to_thread(
        subprocess.Popen[bytes], arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert zombie.stdout is not None
        assert await asyncio.to_thread(zombie.stdout.readline) == b"ready\n"
        await service.register(customers)
        await eventually(lambda: is_empty(service))
        os.kill(zombie.pid, signal.SIGSTOP)
        began = time.monotonic()
        await service.register(customers)
        async with service.relaying(log_broker):
            await eventually(lambda: is_empty(service), within=15)
            assert time.monotonic() - began > 1
            os.kill(zombie.pid, signal.SIGCONT)
            for _ in range(5):
                await service.register(customers)
            await eventually(lambda: is_empty(service))
    finally:
        zombie.kill()
        _ = await asyncio.to_thread(zombie.communicate)
    for customer in customers:
        sequences = await _in_log(log_broker, customer)
        assert list(dict.fromkeys(sequences)) == list(range(1, 8))


async def _in_log(broker: PostgresBroker, customer: UUID) -> list[int | None]:
    stored: list[Any] = []
    for place in await broker.ends(TOPICS):
        stored += await broker.read(place, start=0, limit=1000)
    mine = [s.record for s in stored if s.record.key == str(customer).encode()]
    return [from_record(record).sequence for record in mine]
