"""An event, its effects and the consumer's place commit together."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from wareflow_events import inbox
from wareflow_events.broker import Chunk, TopicPartition
from wareflow_events.contract import eventually
from wareflow_events.contract.service import Service
from wareflow_events.ids import new_id

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HERE = TopicPartition("wareflow.crm.customer", 0)
THERE = TopicPartition("wareflow.crm.customer", 1)


def chunk(place: TopicPartition, start: int, end: int) -> Chunk:
    return Chunk(place, start, end, ())


async def advance(connection: AsyncConnection, *chunks: Chunk) -> inbox.Standing:
    return await inbox.advance(connection, consumer="crm.x", chunks=chunks, now=NOW)


async def register(service: Service, *, consumer: str = "crm.x") -> dict[TopicPartition, int]:
    async with service.engine.begin() as connection:
        return await inbox.register(connection, consumer=consumer, ends={HERE: 7, THERE: 0})


async def test_a_new_consumer_starts_at_the_beginning_and_replays_up_to_the_end(
    service: Service,
) -> None:
    assert await register(service) == {HERE: 0, THERE: 0}
    async with service.engine.begin() as connection:
        standing = await advance(connection, chunk(HERE, 0, 5), chunk(THERE, 0, 1))
    assert standing.replay_until == {HERE: 7, THERE: 0}
    assert await register(service) == {HERE: 5, THERE: 1}


async def test_asking_again_and_again_uses_up_no_ids(service: Service) -> None:
    """A consumer's id is a smallint, and its row is asked for every few seconds for years."""
    _ = await register(service)
    for _ in range(5):
        _ = await register(service)
    _ = await register(service, consumer="crm.y")
    async with service.engine.connect() as connection:
        ids = await connection.exec_driver_sql("SELECT id FROM consumer ORDER BY id")
        assert ids.scalars().all() == [1, 2]


async def test_members_that_start_together_all_learn_where_they_stand(service: Service) -> None:
    found = await asyncio.gather(*(register(service) for _ in range(5)))
    assert found == [{HERE: 0, THERE: 0}] * 5


async def test_who_stands_elsewhere_is_fenced(service: Service) -> None:
    _ = await register(service)
    async with service.engine.begin() as connection:
        _ = await advance(connection, chunk(HERE, 0, 5))
    for wrong in (chunk(HERE, 0, 5), chunk(HERE, 4, 9), chunk(HERE, 6, 9)):
        with pytest.raises(inbox.Fenced):
            async with service.engine.begin() as connection:
                _ = await advance(connection, chunk(THERE, 0, 3), wrong)
    assert await register(service) == {HERE: 5, THERE: 0}


async def test_of_two_rivals_one_is_fenced(service: Service) -> None:
    _ = await register(service)

    async def go(end: int) -> bool:
        try:
            async with service.engine.begin() as connection:
                _ = await advance(connection, chunk(HERE, 0, end))
        except inbox.Fenced:
            return False
        return True

    assert sorted(await asyncio.gather(*(go(n) for n in (3, 4, 5, 6)))) == [
        False,
        False,
        False,
        True,
    ]


async def test_a_paused_group_applies_nothing(service: Service) -> None:
    _ = await register(service)
    async with service.engine.begin() as connection:
        _ = await connection.exec_driver_sql("UPDATE consumer SET paused = true")
    with pytest.raises(inbox.Paused):
        async with service.engine.begin() as connection:
            _ = await advance(connection, chunk(HERE, 0, 5))


async def test_a_batch_that_waited_for_a_pause_sees_it(service: Service) -> None:
    _ = await register(service)
    async with service.engine.connect() as operator, operator.begin() as held:
        _ = await operator.exec_driver_sql("UPDATE consumer SET paused = true")
        waiting = asyncio.create_task(_advance_alone(service))
        await _somebody_waits(service)
        await held.commit()
    with pytest.raises(inbox.Paused):
        _ = await waiting


async def test_a_batch_that_waited_for_a_rebuild_is_of_the_new_generation(
    service: Service,
) -> None:
    _ = await register(service)
    async with service.engine.connect() as operator, operator.begin() as held:
        _ = await operator.exec_driver_sql("UPDATE consumer SET generation = 5")
        waiting = asyncio.create_task(_advance_alone(service))
        await _somebody_waits(service)
        await held.commit()
    assert (await waiting).generation == 5


async def _advance_alone(service: Service) -> inbox.Standing:
    async with service.engine.begin() as connection:
        return await advance(connection, chunk(HERE, 0, 5))


async def _somebody_waits(service: Service) -> None:
    waits = "pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    async def somebody_does() -> bool:
        return await service.count(waits) > 0

    await eventually(somebody_does)


async def test_an_event_is_new_once(service: Service) -> None:
    _ = await register(service)
    one, other, third = (new_id(at=NOW) for _ in range(3))
    async with service.engine.begin() as connection:
        standing = await advance(connection, chunk(HERE, 0, 5))
        first = await inbox.first_time(connection, standing=standing, ids=[one, other, one])
        again = await inbox.first_time(connection, standing=standing, ids=[other, third])
    assert first == {one, other}
    assert again == {third}


async def test_consumers_and_generations_remember_apart(service: Service) -> None:
    _ = await register(service)
    _ = await register(service, consumer="crm.y")
    event = new_id(at=NOW)
    async with service.engine.begin() as connection:
        for consumer in ("crm.x", "crm.y"):
            standing = await inbox.standing(connection, consumer=consumer)
            assert await inbox.first_time(connection, standing=standing, ids=[event]) == {event}
        _ = await connection.exec_driver_sql(
            "UPDATE consumer SET generation = generation + 1 WHERE name = 'crm.x'"
        )
        standing = await inbox.standing(connection, consumer="crm.x")
        assert await inbox.first_time(connection, standing=standing, ids=[event]) == {event}


async def test_the_inbox_forgets_after_30_days_and_earlier_generations_at_once(
    service: Service,
) -> None:
    _ = await register(service)
    old, young = new_id(at=NOW - timedelta(days=30, seconds=1)), new_id(at=NOW - timedelta(days=29))
    earlier = new_id(at=NOW)
    async with service.engine.begin() as connection:
        standing = await inbox.standing(connection, consumer="crm.x")
        _ = await inbox.first_time(connection, standing=standing, ids=[earlier])
        _ = await connection.exec_driver_sql("UPDATE consumer SET generation = generation + 1")
        standing = await inbox.standing(connection, consumer="crm.x")
        _ = await inbox.first_time(connection, standing=standing, ids=[old, young])
        assert await inbox.purge(connection, now=NOW) == 2
        left = (await connection.exec_driver_sql("SELECT event_id FROM inbox")).scalars().all()
    assert left == [young]


async def test_a_consumer_that_is_not_registered_is_fenced(service: Service) -> None:
    with pytest.raises(inbox.Fenced):
        async with service.engine.begin() as connection:
            _ = await inbox.advance(
                connection, consumer=f"crm.{uuid4()}", chunks=[chunk(HERE, 0, 1)], now=NOW
            )
