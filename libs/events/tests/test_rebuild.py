"""Derived tables are made again from the log; dead letters are applied again, in order."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from wareflow_events.broker import Broker
from wareflow_events.consumer import ConsumerGroup, Heard, on
from wareflow_events.contract import eventually
from wareflow_events.contract.service import HEARD, TOPICS, Service, Stopped, a_customer_record
from wareflow_events.postgres import PostgresBroker
from wareflow_events.rebuild import NotDerived, Redriven, rebuild, redrive
from wareflow_events.schemas.crm import CustomerRegistered
from wareflow_events.transaction import Transaction

Registered = Heard[CustomerRegistered]


class Sick(Exception):
    """This customer cannot be noted now."""


class Notes:
    """A handler that refuses some customers' events, as long as they are named in `sick`."""

    def __init__(self) -> None:
        self.sick: set[tuple[UUID, int]] = set()
        self.replays: list[bool] = []

    async def __call__(self, tx: Transaction, heard: Registered) -> None:
        if (heard.event.customer_id, heard.sequence or 0) in self.sick:
            raise Sick(str(heard.sequence))
        self.replays.append(heard.replay)
        values = {"customer_id": heard.event.key, "sequence": heard.sequence}
        _ = await tx.session.execute(insert(HEARD).values(values))


@pytest.fixture
async def log(log_broker: PostgresBroker) -> PostgresBroker:
    await log_broker.ensure_topics(TOPICS)
    return log_broker


@pytest.fixture
def notes(service: Service) -> Notes:
    made = Notes()
    service.group = ConsumerGroup("crm.x", (on(CustomerRegistered, made),), derived=(HEARD,))
    return made


@pytest.fixture
async def consuming(service: Service, notes: Notes, log: PostgresBroker) -> AsyncIterator[None]:
    async with service.hearing(log):
        yield


async def send(log: PostgresBroker, customer: UUID, *sequences: int) -> None:
    producer = await log.producer()
    await producer.send([a_customer_record(customer, sequence=n) for n in sequences])
    await producer.close()


async def redriven(service: Service) -> list[Redriven]:
    return [one async for one in redrive(service.transactions, [service.group])]


async def hears(service: Service, wanted: dict[UUID, list[int]]) -> None:
    named = {str(customer): numbers for customer, numbers in wanted.items()}

    async def probe() -> bool:
        return await service.heard() == named

    await eventually(probe)


async def keeps(service: Service, number: int) -> None:
    async def probe() -> bool:
        return await service.count("dead_letter") == number

    await eventually(probe)


async def test_a_rebuild_gives_the_same_rows_while_the_topic_is_quiet(
    service: Service, notes: Notes, log: PostgresBroker, consuming: None
) -> None:
    one, other = uuid4(), uuid4()
    await send(log, one, 1, 2, 3)
    await send(log, other, 1)
    await hears(service, {one: [1, 2, 3], other: [1]})
    notes.replays.clear()
    async with service.engine.begin() as connection:
        _ = await connection.execute(insert(HEARD).values(customer_id="a row too many", sequence=9))
    await rebuild(service.transactions, service.group, log)
    await hears(service, {one: [1, 2, 3], other: [1]})
    assert notes.replays == [True] * 4
    await send(log, other, 2)
    await hears(service, {one: [1, 2, 3], other: [1, 2]})
    assert notes.replays[-1] is False


async def test_a_rebuild_in_the_middle_of_the_work_loses_and_doubles_nothing(
    service: Service, notes: Notes, log: PostgresBroker, consuming: None
) -> None:
    customers = [uuid4() for _ in range(12)]
    for round_ in range(6):
        for customer in customers:
            await send(log, customer, 2 * round_ + 1, 2 * round_ + 2)
        if round_ in (1, 3):
            await rebuild(service.transactions, service.group, log)
    await hears(service, {c: list(range(1, 13)) for c in customers})


async def test_a_batch_fetched_before_a_rebuild_does_not_take_its_place_with_it(
    service: Service, notes: Notes, log: PostgresBroker
) -> None:
    """Else all before the batch were lost: emptied by the rebuild, and never read again."""
    customer, stopped = uuid4(), Stopped(log)
    stopped.gate.set()
    async with service.hearing(cast("Broker", stopped)):
        await send(log, customer, 1, 2)
        await hears(service, {customer: [1, 2]})
        stopped.gate.clear()
        stopped.fetched.clear()
        await send(log, customer, 3)
        _ = await stopped.fetched.wait()
        await rebuild(service.transactions, service.group, log)
        stopped.gate.set()
        await hears(service, {customer: [1, 2, 3]})


async def test_a_duplicate_from_before_a_rebuild_is_still_known(
    service: Service, notes: Notes, log: PostgresBroker, consuming: None
) -> None:
    customer = uuid4()
    record = a_customer_record(customer, sequence=1)
    producer = await log.producer()
    await producer.send([record])
    await hears(service, {customer: [1]})
    await rebuild(service.transactions, service.group, log)
    await producer.send([record, a_customer_record(customer, sequence=2)])
    await hears(service, {customer: [1, 2]})


async def test_only_derived_tables_are_rebuilt(service: Service, log: PostgresBroker) -> None:
    async def nothing(tx: Transaction, heard: Registered) -> None: ...

    group = ConsumerGroup("crm.y", (on(CustomerRegistered, nothing),))
    with pytest.raises(NotDerived, match=r"crm\.y"):
        await rebuild(service.transactions, group, log)


async def test_letters_are_redriven_in_order_and_the_key_goes_on(
    service: Service, notes: Notes, log: PostgresBroker, consuming: None
) -> None:
    sick, other = uuid4(), uuid4()
    notes.sick = {(sick, 2), (other, 1)}
    await send(log, sick, 1, 2, 3, 4)
    await send(log, other, 1)
    await keeps(service, 4)
    notes.sick.clear()
    outcomes = await redriven(service)
    assert [outcome.error for outcome in outcomes] == [None] * 4
    await send(log, sick, 5)
    await hears(service, {sick: [1, 2, 3, 4, 5], other: [1]})
    assert await service.count("dead_letter") == await service.count("parked_key") == 0


async def test_a_key_stops_at_the_first_letter_that_fails_again(
    service: Service, notes: Notes, log: PostgresBroker, consuming: None
) -> None:
    sick, well = uuid4(), uuid4()
    notes.sick = {(sick, 1), (well, 1)}
    await send(log, sick, 1, 2, 3)
    await send(log, well, 1)
    await keeps(service, 4)
    notes.sick = {(sick, 2)}
    outcomes = await redriven(service)
    mine = [one.error for one in outcomes if one.letter.stored.record.key == str(sick).encode()]
    assert mine == [None, "Sick: 2"]
    await hears(service, {sick: [1], well: [1]})
    assert await service.count("dead_letter WHERE attempts = 2 AND error = 'Sick: 2'") == 1
    assert await service.count("parked_key") == 1


async def test_what_was_applied_before_is_not_applied_by_a_redrive(
    service: Service, notes: Notes, log: PostgresBroker, consuming: None
) -> None:
    customer = uuid4()
    first = a_customer_record(customer, sequence=1)
    producer = await log.producer()
    await producer.send([first])
    await hears(service, {customer: [1]})
    notes.sick = {(customer, 2)}
    await producer.send([a_customer_record(customer, sequence=2), first])
    await keeps(service, 2)
    notes.sick.clear()
    assert [one.error for one in await redriven(service)] == [None, None]
    await hears(service, {customer: [1, 2]})


async def test_a_redrive_while_events_keep_coming_keeps_their_order(
    service: Service, notes: Notes, log: PostgresBroker, consuming: None
) -> None:
    customer, last = uuid4(), 60
    notes.sick = {(customer, 1)}
    await send(log, customer, 1, 2, 3)
    await keeps(service, 3)
    notes.sick.clear()

    async def keep_sending() -> None:
        for number in range(4, last + 1):
            await send(log, customer, number)

    async def keep_redriving() -> list[Any]:
        outcomes: list[Any] = []
        while await service.count("dead_letter") or await service.count("parked_key"):
            outcomes += await redriven(service)
        return outcomes

    _, outcomes = await asyncio.gather(keep_sending(), keep_redriving())
    assert len(outcomes) >= 3
    await hears(service, {customer: list(range(1, last + 1))})


async def test_letters_of_groups_that_are_not_ours_stay(
    service: Service, notes: Notes, log: PostgresBroker, consuming: None
) -> None:
    customer = uuid4()
    notes.sick = {(customer, 1)}
    await send(log, customer, 1)
    await keeps(service, 1)
    assert [one async for one in redrive(service.transactions, [])] == []
    named = redrive(service.transactions, [service.group], consumer="crm.another")
    assert [one async for one in named] == []
    assert await service.count("dead_letter") == 1
