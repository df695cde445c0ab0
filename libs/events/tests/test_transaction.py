"""State and its events commit together, or not at all."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from wareflow_events.contract.service import HEARD, Service, a_registration
from wareflow_events.event import Event
from wareflow_events.ids import time_of
from wareflow_events.schemas.crm import CustomerChanged
from wareflow_events.schemas.inventory import StockReserved
from wareflow_events.testing import FixedClock, published
from wareflow_events.transaction import (
    MAX_EVENT_BYTES,
    EventTooLarge,
    ForeignEvent,
    SilentTransaction,
    Transaction,
    Transactions,
)


class Refused(Exception):
    """The verb changed its mind."""


async def write(tx: Transaction, customer: Event) -> None:
    _ = await tx.session.execute(insert(HEARD).values(customer_id=customer.key, sequence=1))
    tx.publish(customer)


def a_change(size: int) -> CustomerChanged:
    return CustomerChanged(customer_id=uuid4(), locale="en", tags=["x" * size])


async def test_state_and_events_are_there_after_the_commit(service: Service) -> None:
    customer = a_registration(uuid4())
    async with service.transactions.begin() as tx:
        await write(tx, customer)
        assert await service.count("heard") == 0
        assert await service.count("outbox") == 0
    assert await service.count("heard") == 1
    assert await published(service.engine) == [customer]


async def test_a_roll_back_leaves_nothing(service: Service) -> None:
    rung: list[str] = []

    async def verb() -> None:
        async with service.transactions.begin() as tx:
            await write(tx, a_registration(uuid4()))
            tx.after_commit(lambda: rung.append("committed"))
            raise Refused

    with pytest.raises(Refused):
        await verb()
    assert await service.count("heard") == 0
    assert await service.count("outbox") == 0
    assert await service.count("event_stream") == 0
    assert rung == []
    assert service.transactions.committed.rung == 0


async def test_a_part_that_is_refused_goes_with_its_events(service: Service) -> None:
    kept, also_kept, refused = (a_registration(uuid4()) for _ in range(3))
    rung: list[str] = []

    async def part(tx: Transaction) -> None:
        async with tx.savepoint():
            await write(tx, refused)
            tx.after_commit(lambda: rung.append("refused"))
            raise Refused

    async with service.transactions.begin() as tx:
        await write(tx, kept)
        with pytest.raises(Refused):
            await part(tx)
        async with tx.savepoint():
            await write(tx, also_kept)
            tx.after_commit(lambda: rung.append("kept"))
    assert await service.count("heard") == 2
    assert await published(service.engine) == [kept, also_kept]
    assert rung == ["kept"]


async def test_only_the_owner_may_publish(service: Service) -> None:
    async with service.transactions.begin() as tx:
        with pytest.raises(ForeignEvent, match="crm does not own"):
            tx.publish(StockReserved(order_id=uuid4(), lines=[]))


async def test_nothing_is_published_where_tables_are_derived(service: Service) -> None:
    async with service.transactions.begin(silent=True) as tx:
        with pytest.raises(SilentTransaction):
            tx.publish(a_registration(uuid4()))


@given(st.integers(min_value=-200, max_value=200))
async def test_an_event_over_900_kb_is_refused_where_it_is_made(beyond: int) -> None:
    # The session is never used, so that this needs no database.
    tx = Transaction(None, now=datetime(2026, 1, 1, tzinfo=UTC), service="crm")  # pyright: ignore[reportArgumentType]
    event = a_change(MAX_EVENT_BYTES - len(a_change(0).model_dump_json()) + beyond)
    if beyond > 0:
        with pytest.raises(EventTooLarge, match="bytes"):
            tx.publish(event)
    else:
        tx.publish(event)


async def test_the_time_stands_still_in_a_transaction(service: Service) -> None:
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    transactions = Transactions(service.engine, service="crm", clock=clock)
    async with transactions.begin() as tx:
        began = tx.now
        _ = clock.advance(hours=1)
        assert tx.now == began
        assert time_of(tx.new_id()) == began


async def test_the_bell_rings_for_those_commits_that_published(service: Service) -> None:
    async with service.transactions.begin():
        pass
    assert service.transactions.committed.rung == 0
    await service.register([uuid4()])
    assert service.transactions.committed.rung == 1
