"""A consumer applies each event once, in order, and one event's trouble is its own key's."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import insert

from wareflow_events import batch, consumer, inbox
from wareflow_events.broker import Broker, Chunk, Record, Stored, TopicPartition
from wareflow_events.consumer import (
    ConsumerGroup,
    Handler,
    Heard,
    on,
    on_run,
)
from wareflow_events.contract import eventually
from wareflow_events.contract.service import HEARD, TOPICS, Service, a_customer_record
from wareflow_events.contract.support import Stands
from wareflow_events.envelope import Envelope, source_of, to_record
from wareflow_events.event import Event
from wareflow_events.ids import new_id
from wareflow_events.partitioner import partition_of
from wareflow_events.postgres import PostgresBroker
from wareflow_events.rebuild import pause
from wareflow_events.schemas.crm import CustomerChanged, CustomerRegistered
from wareflow_events.transaction import Transaction

Registered = Heard[CustomerRegistered]
TOPIC = TOPICS[0]


class Refused(Exception):
    """No."""


async def note(tx: Transaction, heard: Heard[Any]) -> None:
    values = {"customer_id": heard.event.key, "sequence": heard.sequence}
    _ = await tx.session.execute(insert(HEARD).values(values))


def record_of(event: Event, *, at: datetime, sequence: int = 1) -> Record:
    envelope = Envelope(
        id=new_id(at=at),
        type=event.TYPE,
        source=source_of("crm"),
        time=at,
        key=event.key,
        data=event.model_dump_json().encode(),
        sequence=sequence,
    )
    return to_record(envelope)


def keys_of_one_partition(number: int, *, besides: int | None = None) -> list[UUID]:
    """Customers of the same partition, which is not `besides`."""
    found: dict[int, list[UUID]] = {}
    while True:
        customer = uuid4()
        home = home_of(customer)
        found.setdefault(home, []).append(customer)
        if home != besides and len(found[home]) == number:
            return found[home]


def home_of(customer: UUID) -> int:
    return partition_of(str(customer).encode(), TOPIC.partitions)


@pytest.fixture
async def log(log_broker: PostgresBroker) -> PostgresBroker:
    await log_broker.ensure_topics(TOPICS)
    return log_broker


async def send(log: PostgresBroker, *records: Record) -> None:
    producer = await log.producer()
    await producer.send(records)
    await producer.close()


def hearing(service: Service, log: object, *handlers: Handler) -> Any:
    service.group = ConsumerGroup("crm.x", handlers or (on(CustomerRegistered, note),))
    return service.hearing(cast("Broker", log))


def heard_all(service: Service, number: int) -> Callable[[], Any]:
    async def probe() -> bool:
        return sum(map(len, (await service.heard()).values())) >= number

    return probe


def counts(service: Service, what: str, number: int) -> Callable[[], Any]:
    async def probe() -> bool:
        return await service.count(what) == number

    return probe


async def caught_up(service: Service, log: PostgresBroker) -> None:
    async def probe() -> bool:
        async with service.engine.connect() as connection:
            stands = await inbox.stands(connection, consumer="crm.x")
        return stands == dict(await log.ends(TOPICS))

    await eventually(probe)


async def test_a_duplicate_never_reaches_a_handler(service: Service, log: PostgresBroker) -> None:
    one, other = uuid4(), uuid4()
    first = a_customer_record(one, sequence=1)
    second = a_customer_record(one, sequence=2)
    await send(log, first, second, first, second, second)
    async with hearing(service, log):
        await caught_up(service, log)
        await send(log, first, a_customer_record(other, sequence=1), second)
        await caught_up(service, log)
    assert await service.heard() == {str(one): [1, 2], str(other): [1]}


async def test_one_bad_event_among_many_costs_few_batches(
    service: Service, log: PostgresBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = keys_of_one_partition(128)
    sick = customers[77]
    await send(
        log,
        *(a_customer_record(c, sequence=1, data=b"{" if c == sick else None) for c in customers),
    )
    batches = 0
    really = batch.apply

    async def counted(*arguments: Any) -> None:
        nonlocal batches
        batches += 1
        await really(*arguments)

    monkeypatch.setattr(batch, "apply", counted)
    async with hearing(service, log):
        await eventually(heard_all(service, 127))
        await caught_up(service, log)
    assert str(sick) not in await service.heard()
    assert await service.count("dead_letter") == 1
    assert batches <= 1 + 2 * 7  # halved seven times


async def test_later_events_of_a_parked_key_follow_it_in_order(
    service: Service, log: PostgresBroker
) -> None:
    sick, well = keys_of_one_partition(2)
    bad = a_customer_record(sick, sequence=1, data=b"{")
    await send(log, bad, *(a_customer_record(c, sequence=2) for c in (sick, well)))
    async with hearing(service, log):
        await eventually(counts(service, "dead_letter", 2))
        await send(log, *(a_customer_record(c, sequence=3) for c in (sick, well)), bad)
        await eventually(counts(service, "dead_letter", 3))
        await caught_up(service, log)
    assert await service.heard() == {str(well): [2, 3]}
    async with service.engine.connect() as connection:
        letters = await connection.exec_driver_sql("SELECT * FROM dead_letter ORDER BY id")
        offsets = [(row.offset, row.error.split(":")[0]) for row in letters]
    assert [offset for offset, _ in offsets] == [0, 1, 3]
    assert [error for _, error in offsets] == [
        "ValidationError",
        *["waits behind an earlier event of its key"] * 2,
    ]


async def test_a_passing_fault_holds_up_its_own_partition_only(
    service: Service, log: PostgresBroker
) -> None:
    sick, same = keys_of_one_partition(2)
    [other] = keys_of_one_partition(1, besides=home_of(sick))
    passes = asyncio.Event()

    async def handler(tx: Transaction, heard: Registered) -> None:
        if heard.event.customer_id == sick and not passes.is_set():
            raise asyncpg.DeadlockDetectedError
        await note(tx, heard)

    customers = [sick, same, other]
    await send(log, *(a_customer_record(c, sequence=1) for c in customers))
    async with hearing(service, log, on(CustomerRegistered, handler)):
        await eventually(heard_all(service, 1))
        await send(log, *(a_customer_record(c, sequence=2) for c in customers))
        await eventually(heard_all(service, 2))
        assert await service.heard() == {str(other): [1, 2]}
        passes.set()
        await eventually(heard_all(service, 6))
    assert await service.heard() == {str(c): [1, 2] for c in customers}
    assert await service.count("dead_letter") == 0


@pytest.mark.parametrize(("failures", "dead"), [(1, 0), (2, 0), (100, 1)])
async def test_a_broken_constraint_is_tried_three_times(
    service: Service, log: PostgresBroker, failures: int, dead: int
) -> None:
    """A rival may have been half-way; if it still is after that, it is the event."""
    tries = 0

    async def handler(tx: Transaction, heard: Registered) -> None:
        nonlocal tries
        tries += 1
        if tries <= failures:
            _ = await tx.session.execute(insert(HEARD).values(customer_id=None))
        await note(tx, heard)

    await send(log, a_customer_record(uuid4(), sequence=1))
    async with hearing(service, log, on(CustomerRegistered, handler)):
        await caught_up(service, log)
    assert await service.count("dead_letter") == dead
    assert await service.count("heard") == 1 - dead
    assert tries == min(failures + 1, 4)


async def test_an_expected_refusal_is_an_answer_and_its_writes_are_undone(
    service: Service, log: PostgresBroker
) -> None:
    refused, *others = keys_of_one_partition(3)

    async def handler(tx: Transaction, heard: Registered) -> None:
        await note(tx, heard)
        tx.publish(heard.event)
        if heard.event.customer_id == refused:
            raise Refused

    await send(log, *(a_customer_record(c, sequence=1) for c in (others[0], refused, others[1])))
    async with hearing(service, log, on(CustomerRegistered, handler, expected=(Refused,))):
        await caught_up(service, log)
    assert set(await service.heard()) == {str(c) for c in others}
    assert await service.count("outbox") == 2
    assert await service.count("dead_letter") == 0


async def test_an_unexpected_refusal_is_a_dead_letter(
    service: Service, log: PostgresBroker
) -> None:
    async def handler(tx: Transaction, heard: Registered) -> None:
        await note(tx, heard)
        raise Refused("not now")

    await send(log, a_customer_record(uuid4(), sequence=1))
    async with hearing(service, log, on(CustomerRegistered, handler)):
        await caught_up(service, log)
    assert await service.count("dead_letter WHERE error = 'Refused: not now'") == 1
    assert await service.heard() == {}


async def test_a_run_is_heard_in_one_call_and_in_order(
    service: Service, log: PostgresBroker
) -> None:
    at, calls = datetime.now(UTC), list[list[tuple[str, int | None]]]()

    async def changed(tx: Transaction, heard: list[Heard[CustomerChanged]]) -> None:
        calls.append([(one.event.key, one.sequence) for one in heard])

    async def registered(tx: Transaction, heard: Registered) -> None:
        calls.append([("registered", None)])

    customers = [uuid4() for _ in range(3)]
    events: list[tuple[Event, int]] = [
        (CustomerChanged(customer_id=c, locale="en"), n) for n in (1, 2) for c in customers
    ]
    newcomer = CustomerRegistered(customer_id=uuid4(), locale="en", registered_at=at)
    records = [
        record_of(event, at=at + timedelta(milliseconds=n), sequence=sequence)
        for n, (event, sequence) in enumerate([*events, (newcomer, 1), *events])
    ]
    await send(log, *records)
    group = (on_run(CustomerChanged, changed), on(CustomerRegistered, registered))
    async with hearing(service, log, *group):
        await caught_up(service, log)
    run = [(event.key, sequence) for event, sequence in events]
    assert calls == [run, [("registered", None)], run]


async def test_events_of_all_partitions_are_heard_in_the_order_they_happened(
    service: Service, log: PostgresBroker
) -> None:
    at, heard_order = datetime.now(UTC), list[str]()

    async def handler(tx: Transaction, heard: Registered) -> None:
        heard_order.append(heard.event.key)

    customers = [uuid4() for _ in range(40)]
    events = [CustomerRegistered(customer_id=c, locale="en", registered_at=at) for c in customers]
    await send(
        log,
        *(record_of(e, at=at + timedelta(milliseconds=n)) for n, e in enumerate(events)),
    )
    async with hearing(service, log, on(CustomerRegistered, handler)):
        await caught_up(service, log)
    assert heard_order == [str(c) for c in customers]


async def test_an_event_that_the_inbox_may_have_forgotten_is_never_applied(
    service: Service, log: PostgresBroker
) -> None:
    """Within the history that a new consumer goes through, it is."""
    now = datetime.now(UTC)
    in_history, late = keys_of_one_partition(2)

    def old(customer: UUID) -> Record:
        event = CustomerRegistered(customer_id=customer, locale="en", registered_at=now)
        return record_of(event, at=now - timedelta(days=31))

    replays: list[bool] = []

    async def handler(tx: Transaction, heard: Registered) -> None:
        replays.append(heard.replay)
        await note(tx, heard)

    await send(log, old(in_history))
    async with hearing(service, log, on(CustomerRegistered, handler)):
        await caught_up(service, log)
        await send(log, old(late), a_customer_record(in_history, sequence=2))
        await caught_up(service, log)
    assert await service.heard() == {str(in_history): [1, 2]}
    assert replays == [True, False]
    assert await service.count("dead_letter WHERE error LIKE 'TooOld:%'") == 1


async def test_what_is_on_the_topic_and_not_listed_is_skipped(
    service: Service, log: PostgresBroker
) -> None:
    changed = CustomerChanged(customer_id=uuid4(), locale="en")
    await send(log, record_of(changed, at=datetime.now(UTC)))
    async with hearing(service, log):
        await caught_up(service, log)
    assert await service.count("inbox") == 0
    assert await service.count("dead_letter") == 0


@pytest.mark.parametrize("spoil", ["headers", "key"])
async def test_what_is_no_event_of_ours_is_a_dead_letter(
    service: Service, log: PostgresBroker, spoil: str
) -> None:
    record = a_customer_record(uuid4(), sequence=1)
    headers = () if spoil == "headers" else record.headers
    key = b"somebody else" if spoil == "key" else record.key
    await send(log, Record(record.topic, key, headers, record.value))
    async with hearing(service, log):
        await caught_up(service, log)
    assert await service.count("dead_letter WHERE error LIKE 'Malformed:%'") == 1
    assert await service.heard() == {}


async def test_a_paused_group_stands_still_until_it_goes_on(
    service: Service, log: PostgresBroker
) -> None:
    customer = uuid4()
    async with hearing(service, log):
        await send(log, a_customer_record(customer, sequence=1))
        await caught_up(service, log)
        await pause(service.transactions, service.group, paused=True)
        await send(log, a_customer_record(customer, sequence=2))
        rival = await log.subscribe("somebody.else", TOPICS, starts=Stands().starts)
        while not await rival.fetch(limit=10, wait=0.5):
            pass  # the record is there for all to see
        await rival.close()
        assert await service.heard() == {str(customer): [1]}
        await pause(service.transactions, service.group, paused=False)
        await eventually(heard_all(service, 2))


async def test_lag_and_dead_letters_show(
    service: Service, log: PostgresBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "_MEASURE_EVERY", 0.05)

    def shows(name: str, **labels: str) -> float | None:
        return REGISTRY.get_sample_value(name, {"group": "crm.metrics"} | labels)

    sick, well = keys_of_one_partition(2)
    service.group = ConsumerGroup("crm.metrics", (on(CustomerRegistered, note),))
    await send(log, a_customer_record(sick, sequence=1, data=b"{"))
    async with service.hearing(log):
        await eventually(lambda: shows("dead_letters_open") == 1)
        await send(log, a_customer_record(well, sequence=1))
        await eventually(lambda: shows("consumer_lag_records", topic=TOPIC.name) == 0)
        await eventually(heard_all(service, 1))
        await pause(service.transactions, service.group, paused=True)
        await send(log, *(a_customer_record(well, sequence=n) for n in (2, 3)))
        await eventually(lambda: shows("consumer_lag_records", topic=TOPIC.name) == 2)
    totals = {
        result: shows("consumer_events_total", topic=TOPIC.name, result=result)
        for result in ("applied", "dead")
    }
    assert totals == {"applied": 1, "dead": 1}


async def test_the_batch_in_work_is_finished_before_a_consumer_ends(
    service: Service, log: PostgresBroker
) -> None:
    began, customer = asyncio.Event(), uuid4()

    async def slow(tx: Transaction, heard: Registered) -> None:
        began.set()
        await asyncio.sleep(0.3)
        await note(tx, heard)

    await send(log, a_customer_record(customer, sequence=1))
    async with hearing(service, log, on(CustomerRegistered, slow)):
        _ = await began.wait()
    assert await service.heard() == {str(customer): [1]}


async def test_expired_records_are_gone_past(service: Service) -> None:
    """An empty chunk moves the offset, so that no lag is left behind for ever."""
    place = TopicPartition(TOPIC.name, 0)
    async with service.engine.begin() as connection:
        _ = await inbox.register(connection, consumer=service.group.name, ends={place: 0})
    await batch.apply(service.transactions, service.group, [Chunk(place, 0, 9, ())])
    customer = next(c for c in iter(uuid4, None) if home_of(c) == 0)
    stored = Stored(place, 12, a_customer_record(customer, sequence=4))
    await batch.apply(service.transactions, service.group, [Chunk(place, 9, 13, [stored])])
    async with service.engine.connect() as connection:
        assert await inbox.stands(connection, consumer=service.group.name) == {place: 13}
    assert await service.heard() == {str(customer): [4]}
