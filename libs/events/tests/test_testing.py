"""What the services' tests stand on."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from wareflow_events.contract.service import Service, a_registration
from wareflow_events.handlers import ConsumerGroup, Heard, on
from wareflow_events.ids import new_id
from wareflow_events.schemas.crm import CustomerRegistered
from wareflow_events.testing import FixedClock, Hand, published
from wareflow_events.transaction import Transaction


def test_a_clock_stands_until_it_is_moved() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    clock = FixedClock(start)
    assert clock() == clock() == start
    assert clock.advance(hours=1, seconds=30) == start + timedelta(hours=1, seconds=30)
    assert clock() == start + timedelta(hours=1, seconds=30)


async def test_a_hand_feeds_events_through_the_real_inbox(service: Service) -> None:
    hand = Hand(service.transactions, service.group)
    one, other = uuid4(), uuid4()
    await hand.hear(a_registration(one), a_registration(other), a_registration(one), twice=True)
    await hand.hear(a_registration(one))
    assert await service.heard() == {str(one): [1, 2, 3], str(other): [1]}


async def test_two_hands_of_a_group_go_on_where_it_stands(service: Service) -> None:
    one = uuid4()
    await Hand(service.transactions, service.group).hear(a_registration(one))
    await Hand(service.transactions, service.group).hear(a_registration(one))
    assert sum(map(len, (await service.heard()).values())) == 2


async def test_an_event_under_a_known_id_is_a_duplicate(service: Service) -> None:
    hand, one = Hand(service.transactions, service.group), uuid4()
    ident = new_id(at=service.transactions.clock())
    await hand.hear_again(a_registration(one), id=ident)
    await hand.hear_again(a_registration(one), id=ident)
    assert await service.heard() == {str(one): [1]}


async def test_a_hand_raises_what_the_handler_raises(service: Service) -> None:
    async def fails(tx: Transaction, heard: Heard[CustomerRegistered]) -> None:
        raise ZeroDivisionError

    group = ConsumerGroup("crm.y", (on(CustomerRegistered, fails),))
    with pytest.raises(ZeroDivisionError):
        await Hand(service.transactions, group).hear(a_registration(uuid4()))
    assert await service.count("dead_letter") == 0


async def test_what_was_published_is_read_in_order_and_gone(service: Service) -> None:
    customers = [uuid4() for _ in range(20)]
    await service.register(customers)
    assert await published(service.engine) == [a_registration(c) for c in customers]
    assert await published(service.engine) == []
