"""A database that was restored from a copy is noticed, and brought level from the log."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text

from wareflow_events.broker import Record
from wareflow_events.consumer import ConsumerGroup, Heard
from wareflow_events.contract import eventually
from wareflow_events.contract.service import (
    TOPICS,
    Service,
    a_customer_record,
    running,
)
from wareflow_events.handlers import on_run
from wareflow_events.postgres import PostgresBroker
from wareflow_events.recovering import (
    LogHasGap,
    NotTakenBack,
    StillRunning,
    WorkedSince,
    missing,
    recover,
)
from wareflow_events.recovery import Recall, Recovery, unexplained
from wareflow_events.relay import Relay
from wareflow_events.remembered import Forgetful, forgotten, must_remember
from wareflow_events.schemas.crm import (
    CustomerChanged,
    CustomerErased,
    CustomerMerged,
    CustomerRegistered,
)
from wareflow_events.transaction import Transaction
from wareflow_postgres.server import PostgresServer

TOPIC = TOPICS[0]


@pytest.fixture
async def log(log_broker: PostgresBroker) -> PostgresBroker:
    await log_broker.ensure_topics(TOPICS)
    return log_broker


class Past:
    """A service with a copy of its database, taken after each of some customers registered once."""

    def __init__(self, service: Service, log: PostgresBroker, server: PostgresServer) -> None:
        self.service = service
        self.log = log
        self._server = server
        self.customers = [uuid4() for _ in range(5)]

    async def told(self, customers: Sequence[UUID]) -> None:
        """Register customers, and carry that to the log."""
        await self.service.register(customers)
        async with self.service.relaying(self.log):
            await eventually(lambda: self._is_carried())

    async def _is_carried(self) -> bool:
        return await self.service.count("outbox") == 0

    async def copied(self) -> Service:
        """The service on a copy of its database as it is now."""
        name = self.service.dsn.rpartition("/")[2]
        await self.service.engine.dispose()
        connection = await asyncpg.connect(self._server.url())
        try:
            _ = await connection.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}")
        finally:
            await connection.close()
        return Service(self._server.url(f"{name}_copy"), group="crm.notes")


@pytest.fixture
async def past(service: Service, log: PostgresBroker, postgres: PostgresServer) -> Past:
    made = Past(service, log, postgres)
    await made.told(made.customers)
    return made


class Memory:
    """Takes events back by remembering them."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, int | None]] = []
        self.fault: Exception | None = None

    async def take(self, tx: Transaction, told: Sequence[Heard[Any]]) -> None:
        """Remember which."""
        if self.fault is not None:
            raise self.fault
        self.taken += [(one.event.key, one.sequence) for one in told]
        assert all(one.replay for one in told)

    @property
    def recovery(self) -> Recovery:
        """A service that takes back registrations."""
        return Recovery(service="crm", recalls=(Recall((CustomerRegistered,), self.take),))


async def run(restored: Service, recovery: Recovery, log: PostgresBroker) -> int:
    """How many events came back."""
    found = recover(restored.transactions, recovery, (restored.group,), log)
    return sum([one.events async for one in found])


async def test_a_database_that_is_up_to_date_remembers_everything(past: Past) -> None:
    await past.told(past.customers)
    await must_remember(past.service.engine, past.log, "crm")
    assert await forgotten(past.service.engine, past.log, TOPIC) == {}


async def test_an_older_copy_is_noticed_by_a_single_event(past: Past) -> None:
    restored = await past.copied()
    await past.told(past.customers[:1])
    with pytest.raises(Forgetful, match="wareflow recover crm"):
        await must_remember(restored.engine, past.log, "crm")
    (part,) = (await forgotten(restored.engine, past.log, TOPIC)).values()
    assert (part.events, part.keys) == (1, {str(past.customers[0])})
    await restored.engine.dispose()


async def test_the_relay_of_an_older_copy_sends_nothing_and_ends(past: Past) -> None:
    restored = await past.copied()
    await past.told(past.customers)
    ends = await past.log.ends(TOPICS)
    await restored.register(past.customers)
    relay = Relay(
        dsn=restored.dsn,
        broker=past.log,
        service="crm",
        bell=restored.transactions.committed,
        may_lead=lambda: must_remember(restored.engine, past.log, "crm"),
    )
    with pytest.raises(Forgetful):
        await relay.run(asyncio.Event())
    assert await past.log.ends(TOPICS) == ends
    await restored.engine.dispose()


async def test_what_was_told_since_is_taken_back_once_and_in_order(past: Past) -> None:
    restored, memory, newcomer = await past.copied(), Memory(), uuid4()
    for _ in range(3):
        await past.told([*past.customers, newcomer])
    there_is = [one async for one in missing(restored.transactions, memory.recovery, past.log)]
    assert [(one.events, one.keys) for one in there_is] == [(18, 6)]
    assert await run(restored, memory.recovery, past.log) == 18
    by_key = {str(c): [n for key, n in memory.taken if key == str(c)] for c in past.customers}
    assert by_key == {str(c): [2, 3, 4] for c in past.customers}
    assert [n for key, n in memory.taken if key == str(newcomer)] == [1, 2, 3]
    assert await run(restored, memory.recovery, past.log) == 0
    assert len(memory.taken) == 18
    await must_remember(restored.engine, past.log, "crm")
    await restored.engine.dispose()


async def test_events_go_on_with_the_next_number(past: Past) -> None:
    restored = await past.copied()
    await past.told(past.customers)
    _ = await run(restored, Memory().recovery, past.log)
    await restored.register(past.customers)
    async with restored.engine.connect() as connection:
        numbers = (await connection.execute(text("SELECT sequence FROM outbox"))).scalars().all()
    assert set(numbers) == {3}
    await restored.engine.dispose()


async def test_what_the_copy_had_still_to_send_and_was_sent_is_not_sent_again(past: Past) -> None:
    await past.service.register(past.customers)
    restored = await past.copied()
    assert await restored.count("outbox") == 5
    await past.told(past.customers)
    assert await run(restored, Memory().recovery, past.log) == 5
    assert await restored.count("outbox") == 0
    await restored.engine.dispose()


async def test_what_was_never_sent_is_still_to_be_sent(past: Past) -> None:
    await past.service.register(past.customers)
    restored = await past.copied()
    assert await run(restored, Memory().recovery, past.log) == 0
    assert await restored.count("outbox") == 5
    await restored.engine.dispose()


async def test_others_are_heard_as_a_replay_up_to_where_the_log_is_now(past: Past) -> None:
    restored = await past.copied()
    _ = await run(restored, Memory().recovery, past.log)
    async with restored.engine.connect() as connection:
        rows = await connection.execute(text("SELECT sum(replay_until) FROM consumer_offset"))
        assert rows.scalar_one() == 5
    await restored.engine.dispose()


async def test_what_has_to_be_heard_first_is_heard_and_stays_to_be_heard(past: Past) -> None:
    restored, memory, first = await past.copied(), Memory(), list[str]()

    async def hear(_tx: Transaction, heard: list[Heard[CustomerRegistered]]) -> None:
        first.extend(one.event.key for one in heard)

    before = ConsumerGroup("crm.notes", (on_run(CustomerRegistered, hear),))
    recovery = Recovery(service="crm", recalls=memory.recovery.recalls, before=before)
    poison = a_customer_record(past.customers[0], sequence=1, data=b"{")
    await _send(past.log, [poison])  # it becomes a dead letter when it is heard
    assert await run(restored, recovery, past.log) == 0
    assert await restored.count("consumer_offset WHERE next > 0") == 0
    assert sorted(first) == sorted(str(c) for c in past.customers)
    await restored.engine.dispose()


async def _send(log: PostgresBroker, records: Sequence[Record]) -> None:
    producer = await log.producer()
    await producer.send(records)
    await producer.close()


async def test_a_service_that_runs_is_left_alone(past: Past) -> None:
    restored = await past.copied()
    relay = Relay(
        dsn=restored.dsn, broker=past.log, service="crm", bell=restored.transactions.committed
    )
    async with running(relay):
        await restored.register([uuid4()])
        await eventually(lambda: _is_empty(restored))
        with pytest.raises(StillRunning):
            _ = await run(restored, Memory().recovery, past.log)
    await restored.engine.dispose()


async def _is_empty(service: Service) -> bool:
    return await service.count("outbox") == 0


async def test_a_service_that_decided_since_has_to_be_restored_once_more(past: Past) -> None:
    restored = await past.copied()
    await past.told(past.customers)
    await restored.register(past.customers[:1])
    with pytest.raises(WorkedSince, match=str(past.customers[0])):
        _ = await run(restored, Memory().recovery, past.log)
    await restored.engine.dispose()


async def test_a_gap_in_the_log_is_told(past: Past) -> None:
    await _send(past.log, [a_customer_record(past.customers[0], sequence=3)])
    with pytest.raises(LogHasGap, match="3 follows 1"):
        _ = await run(past.service, Memory().recovery, past.log)


async def test_what_cannot_be_taken_back_says_where_it_is_and_is_tried_again(past: Past) -> None:
    restored, memory = await past.copied(), Memory()
    await past.told(past.customers)
    memory.fault = ValueError("no room")
    with pytest.raises(NotTakenBack, match=r"wareflow\.crm\.customer.*no room"):
        _ = await run(restored, memory.recovery, past.log)
    memory.fault = None
    assert await run(restored, memory.recovery, past.log) == 5
    await restored.engine.dispose()


def test_an_event_without_a_way_back_shows() -> None:
    recovery = Memory().recovery
    left = {CustomerChanged, CustomerErased, CustomerMerged}
    assert set(unexplained(recovery)) == left
    said = Recovery(
        service="crm", recalls=recovery.recalls, nothing=dict.fromkeys(left, "for a reason")
    )
    assert unexplained(said) == []
