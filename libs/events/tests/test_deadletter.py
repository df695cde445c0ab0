"""Dead letters: kept with their error, in order, until they are redriven or forgotten."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from wareflow_events import batch, deadletter, inbox
from wareflow_events.broker import Chunk, Record, Stored, TopicPartition
from wareflow_events.contract import eventually
from wareflow_events.contract.service import Service, a_customer_record
from wareflow_events.envelope import Envelope, source_of, to_record
from wareflow_events.erasure import mark_erased, names_erased
from wareflow_events.event import Event
from wareflow_events.handlers import ConsumerGroup, Heard, on
from wareflow_events.ids import new_id
from wareflow_events.rebuild import redrive
from wareflow_events.schemas.orders import CONTACT, ContactPii, OrderContactGiven
from wareflow_events.transaction import Transaction

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def stored(record: Record, offset: int = 0) -> Stored:
    return Stored(TopicPartition(record.topic, 3), offset, record)


def a_contact(customer: UUID, order: UUID) -> Record:
    event: Event = OrderContactGiven(
        order_id=order,
        number="1",
        customer_id=customer,
        guest=False,
        locale="en",
        contact=ContactPii(email="jo@example.org", name="Jo"),
    )
    data = event.model_dump_json().encode()
    envelope = Envelope(new_id(at=NOW), event.TYPE, source_of("orders"), NOW, event.key, data)
    return to_record(envelope)


async def keep(
    connection: AsyncConnection, record: Record, *, offset: int = 0, at: datetime = NOW
) -> None:
    await deadletter.keep(
        connection, stored(record, offset), consumer="crm.x", error="Refused: no", now=at
    )


async def test_a_letter_comes_back_as_it_was_kept(service: Service) -> None:
    record = a_customer_record(uuid4(), sequence=1)
    odd = Record(record.topic, b"\xff\x00", (("x", b"\xff\x00"),), b"\x00\xff")
    async with service.engine.begin() as connection:
        await keep(connection, record, offset=7)
        await keep(connection, odd, offset=8)
        first, second = await deadletter.letters(connection)
    assert first.stored == stored(record, 7)
    assert (first.error, first.attempts, first.died_at) == ("Refused: no", 1, NOW)
    assert first.type == "wareflow.crm.customer.registered.v1"
    assert second.stored == stored(odd, 8)
    assert second.type is None


async def test_letters_page_by_id_and_by_consumer(service: Service) -> None:
    records = [a_customer_record(uuid4(), sequence=1) for _ in range(5)]
    async with service.engine.begin() as connection:
        for offset, record in enumerate(records):
            await keep(connection, record, offset=offset)
        page = await deadletter.letters(connection, limit=2)
        rest = await deadletter.letters(connection, after=page[-1].id)
        assert [letter.stored.offset for letter in [*page, *rest]] == [0, 1, 2, 3, 4]
        assert await deadletter.letters(connection, consumer="crm.y") == []


async def test_the_same_event_is_kept_once(service: Service) -> None:
    record = a_customer_record(uuid4(), sequence=1)
    async with service.engine.begin() as connection:
        await keep(connection, record, offset=1)
        await keep(connection, record, offset=2)
        assert [one.stored.offset for one in await deadletter.letters(connection)] == [1]


async def test_another_event_under_the_id_of_a_kept_one_is_kept_too(service: Service) -> None:
    first, second = (a_customer_record(uuid4(), sequence=1) for _ in range(2))
    second = Record(second.topic, second.key, first.headers, second.value)
    async with service.engine.begin() as connection:
        for offset in (1, 2):
            await keep(connection, first, offset=offset)
        for offset in (3, 4):
            await keep(connection, second, offset=offset)
        letters = await deadletter.letters(connection)
    assert [one.stored.offset for one in letters] == [1, 3, 4]
    assert letters[1].stored == stored(second, 3)


async def test_a_key_that_no_index_takes_is_kept_whole_and_parked(service: Service) -> None:
    key = random.Random(1).randbytes(9_000)
    record = Record("wareflow.crm.customer", key, (("x", b"y"),), b"{}")
    async with service.engine.begin() as connection:
        await keep(connection, record, offset=1)
        parked = await deadletter.parked(connection, [stored(record, 2)], consumer="crm.x")
        letter = await deadletter.next_of_key(
            connection, consumer="crm.x", topic=record.topic, key=key
        )
        assert letter is not None
        await deadletter.forget(connection, letter)
        left = await _parks(connection)
    assert parked == {(record.topic, key)}
    assert letter.stored == stored(record, 1)
    assert left == 0


@pytest.mark.parametrize(
    "headers",
    [(), (("ce_id", b"42"),), (("ce_id", b"\xff"),), (("ce_id", str(UUID(int=0)).encode()),)],
)
def test_without_a_usable_id_the_place_is_the_id(headers: tuple[tuple[str, bytes], ...]) -> None:
    record = Record("wareflow.crm.customer", b"k", headers, b"")
    one, again, other = (deadletter.id_of(stored(record, offset)) for offset in (1, 1, 2))
    assert one == again != other


def test_a_usable_id_is_the_id() -> None:
    record = a_customer_record(uuid4(), sequence=1)
    assert str(deadletter.id_of(stored(record))).encode() == dict(record.headers)["ce_id"]


async def test_the_park_goes_with_the_last_letter_of_its_key(service: Service) -> None:
    sick, other = uuid4(), uuid4()
    async with service.engine.begin() as connection:
        for offset, customer in enumerate([sick, sick, other]):
            await keep(connection, a_customer_record(customer, sequence=offset), offset=offset)
        left: list[int] = []
        key = str(sick).encode()
        while letter := await deadletter.next_of_key(
            connection, consumer="crm.x", topic="wareflow.crm.customer", key=key
        ):
            await deadletter.forget(connection, letter)
            left.append(await _parks(connection))
    assert left == [2, 1]


async def _parks(connection: AsyncConnection) -> int:
    return (await connection.exec_driver_sql("SELECT count(*) FROM parked_key")).scalar_one()


async def test_personal_data_is_forgotten_after_72_hours(service: Service) -> None:
    old, young = NOW - timedelta(hours=72, seconds=1), NOW - timedelta(hours=71)
    async with service.engine.begin() as connection:
        await keep(connection, a_contact(uuid4(), uuid4()), offset=1, at=old)
        await keep(connection, a_contact(uuid4(), uuid4()), offset=2, at=young)
        await keep(connection, a_customer_record(uuid4(), sequence=1), offset=3, at=old)
        assert await deadletter.purge_contacts(connection, now=NOW) == 1
        left = await deadletter.letters(connection)
        assert await _parks(connection) == 2
    assert [letter.stored.offset for letter in left] == [2, 3]


async def test_personal_data_goes_when_its_person_is_erased(service: Service) -> None:
    erased, other = uuid4(), uuid4()
    async with service.engine.begin() as connection:
        await keep(connection, a_contact(erased, uuid4()), offset=1)
        await keep(connection, a_contact(other, uuid4()), offset=2)
        await keep(connection, a_customer_record(erased, sequence=1), offset=3)
    async with service.transactions.begin() as tx:
        await mark_erased(tx, [erased])
    async with service.engine.connect() as connection:
        left = await deadletter.letters(connection)
        assert await _parks(connection) == 2
    assert [letter.stored.offset for letter in left] == [2, 3]


async def test_a_park_stays_for_the_letter_that_is_just_put_behind_it(service: Service) -> None:
    """Else later events of the key would overtake that letter."""
    order = uuid4()
    first, second = a_contact(uuid4(), order), a_contact(uuid4(), order)
    async with service.engine.begin() as connection:
        await keep(connection, first, offset=1, at=NOW - timedelta(hours=80))
    async with service.engine.connect() as other, other.begin() as held:
        assert await deadletter.parked(other, [stored(second, 2)], consumer="crm.x")
        await keep(other, second, offset=2)
        purging = asyncio.create_task(_purge(service))
        await _somebody_waits(service)
        await held.commit()
    assert await purging == 1
    async with service.engine.connect() as connection:
        assert await deadletter.parked(connection, [stored(second, 3)], consumer="crm.x") == {
            (CONTACT.name, str(order).encode())
        }


async def test_a_park_stays_for_the_letter_put_behind_the_last_that_is_redriven(
    service: Service,
) -> None:
    """Else later events of the key would overtake the letter that came while it was redriven."""
    customer = uuid4()
    first, second = (a_customer_record(customer, sequence=n) for n in (1, 2))
    async with service.engine.begin() as connection:
        await keep(connection, first, offset=1)
        _ = await inbox.register(connection, consumer="crm.x", ends={})
    async with service.engine.connect() as other, other.begin() as held:
        assert await deadletter.parked(other, [stored(second, 2)], consumer="crm.x")
        redriving = asyncio.create_task(_redrive_first(service))
        await _somebody_waits(service)
        await keep(other, second, offset=2)
        await held.commit()
    assert (await redriving).stored.offset == 1
    async with service.engine.connect() as connection:
        assert await deadletter.parked(connection, [stored(second, 3)], consumer="crm.x")


async def _redrive_first(service: Service) -> deadletter.DeadLetter:
    group = ConsumerGroup("crm.x", service.group.handlers)
    async for outcome in redrive(service.transactions, [group]):
        return outcome.letter
    raise AssertionError("nothing was redriven")


async def _purge(service: Service) -> int:
    async with service.engine.begin() as connection:
        return await deadletter.purge_contacts(connection, now=NOW)


async def _somebody_waits(service: Service) -> None:
    waits = "pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    async def somebody_does() -> bool:
        return await service.count(waits) > 0

    await eventually(somebody_does)


# --- letters that come late -------------------------------------------------------------------


async def _ignore(tx: Transaction, heard: Heard[OrderContactGiven]) -> None: ...


PEOPLE = ConsumerGroup("crm.people", (on(OrderContactGiven, _ignore),))


async def bury(service: Service, record: Record, *, start: int = 0) -> None:
    """What a consumer does with a contact that it cannot read."""
    one = stored(record, start)
    async with service.engine.begin() as connection:
        _ = await inbox.register(connection, consumer=PEOPLE.name, ends={one.place: 0})
    chunk = Chunk(one.place, start, start + 1, (one,))
    await batch.bury(service.transactions, PEOPLE, chunk, ValueError("cannot be read"))


async def erase(service: Service, person: UUID) -> None:
    async with service.transactions.begin() as tx:
        await mark_erased(tx, [person])


async def test_nothing_is_kept_of_somebody_who_was_erased(service: Service) -> None:
    erased, other = uuid4(), uuid4()
    await erase(service, erased)
    await bury(service, a_contact(erased, uuid4()), start=0)
    await bury(service, a_contact(other, uuid4()), start=1)
    async with service.engine.connect() as connection:
        left = await deadletter.letters(connection)
    assert [letter.stored.offset for letter in left] == [1]


async def test_nor_behind_an_earlier_letter_of_its_key(service: Service) -> None:
    erased, order = uuid4(), uuid4()
    await bury(service, a_contact(uuid4(), order), start=0)
    await erase(service, erased)
    late = stored(a_contact(erased, order), 1)
    await batch.apply(service.transactions, PEOPLE, [Chunk(late.place, 1, 2, (late,))])
    async with service.engine.connect() as connection:
        left = await deadletter.letters(connection)
    assert [letter.stored.offset for letter in left] == [0]


@pytest.mark.parametrize("first", ["letter", "erasure"])
async def test_a_letter_and_an_erasure_at_once_leave_nothing(service: Service, first: str) -> None:
    person = uuid4()
    holds, go_on = asyncio.Event(), asyncio.Event()

    async def held() -> None:
        """The first of the two, which has the lock and does not commit yet."""
        async with service.transactions.begin() as tx:
            connection = await tx.session.connection()
            if first == "erasure":
                await mark_erased(tx, [person])
            else:
                record = a_contact(person, uuid4())
                assert await names_erased(tx, [record]) == set()
                await keep(connection, record)
            holds.set()
            _ = await go_on.wait()

    one = asyncio.create_task(held())
    _ = await holds.wait()
    second = (
        bury(service, a_contact(person, uuid4())) if first == "erasure" else erase(service, person)
    )
    other = asyncio.create_task(second)
    await _somebody_waits(service)
    go_on.set()
    _ = await asyncio.gather(one, other)
    async with service.engine.connect() as connection:
        assert await deadletter.letters(connection) == []
