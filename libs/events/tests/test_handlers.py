"""A consumer group is the whole list of what is heard."""

import pytest

from wareflow_events.handlers import ConsumerGroup, Handler, Heard, Miswired, on, on_run
from wareflow_events.schemas.crm import CustomerChanged, CustomerErased, CustomerRegistered
from wareflow_events.schemas.inventory import StockChanged
from wareflow_events.transaction import Transaction


async def nothing(tx: Transaction, heard: Heard[CustomerRegistered]) -> None: ...


async def nothing_changed(tx: Transaction, heard: Heard[CustomerChanged]) -> None: ...


async def nothing_of_stock(tx: Transaction, heard: list[Heard[StockChanged]]) -> None: ...


def test_the_topics_follow_from_the_handlers() -> None:
    group = ConsumerGroup(
        "crm.x",
        (
            on_run(StockChanged, nothing_of_stock),
            on(CustomerRegistered, nothing),
            on(CustomerChanged, nothing_changed),
        ),
    )
    assert [topic.name for topic in group.topics] == [
        "wareflow.crm.customer",
        "wareflow.inventory.stock",
    ]
    assert set(group.by_type) == {
        StockChanged.TYPE,
        CustomerRegistered.TYPE,
        CustomerChanged.TYPE,
    }
    assert CustomerErased.TYPE not in group.by_type


@pytest.mark.parametrize("handlers", [(), (on(CustomerRegistered, nothing),) * 2])
def test_a_group_hears_something_and_nothing_twice(handlers: tuple[Handler, ...]) -> None:
    with pytest.raises(Miswired):
        _ = ConsumerGroup("crm.x", handlers)
