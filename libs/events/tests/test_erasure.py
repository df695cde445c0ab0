"""Who was erased stays erased, whoever writes late."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select

from wareflow_events.contract.service import HEARD, Service
from wareflow_events.erasure import lock_subject, mark_erased
from wareflow_events.testing import FixedClock
from wareflow_events.transaction import Transactions


async def write_about(service: Service, subject: UUID, *, pause: float = 0.0) -> bool:
    async with service.transactions.begin() as tx:
        if await lock_subject(tx, subject):
            return False
        await asyncio.sleep(pause)
        _ = await tx.session.execute(insert(HEARD).values(customer_id=str(subject), sequence=1))
    return True


async def erase(service: Service, *subjects: UUID) -> None:
    async with service.transactions.begin() as tx:
        await mark_erased(tx, subjects)
        for subject in subjects:
            _ = await tx.session.execute(HEARD.delete().where(HEARD.c.customer_id == str(subject)))


async def test_nothing_is_written_about_the_erased(service: Service) -> None:
    erased, other = uuid4(), uuid4()
    assert await write_about(service, erased)
    await erase(service, erased)
    assert not await write_about(service, erased)
    assert await write_about(service, other)


async def test_every_id_of_a_person_is_erased_and_twice_is_once(service: Service) -> None:
    ids = [uuid4() for _ in range(3)]
    await erase(service, *ids)
    await erase(service, *reversed(ids))
    assert [await write_about(service, one) for one in ids] == [False] * 3


async def test_it_is_kept_when_they_were_erased_first(service: Service) -> None:
    clock, subject = FixedClock(datetime(2026, 1, 1, tzinfo=UTC)), uuid4()
    transactions = Transactions(service.engine, service="crm", clock=clock)
    for _ in range(2):
        async with transactions.begin() as tx:
            await mark_erased(tx, [subject])
        _ = clock.advance(days=1)
    async with service.engine.connect() as connection:
        row = (await connection.exec_driver_sql("SELECT * FROM erased_id")).one()
    assert (row.subject_id, row.erased_at) == (subject, datetime(2026, 1, 1, tzinfo=UTC))


async def test_an_erasure_waits_for_who_is_writing_just_now(service: Service) -> None:
    """Whichever comes first, nothing about the person is left."""
    for _ in range(10):
        subject = uuid4()
        _ = await asyncio.gather(
            write_about(service, subject, pause=0.01),
            erase(service, subject),
            write_about(service, subject, pause=0.01),
        )
    async with service.engine.connect() as connection:
        assert (await connection.execute(select(HEARD))).all() == []


async def test_people_erased_crosswise_do_not_block_each_other(service: Service) -> None:
    ids = [uuid4() for _ in range(6)]
    _ = await asyncio.gather(erase(service, *ids), erase(service, *reversed(ids)))
    assert await service.count("erased_id") == 6
