"""A consumer notices when its client is stuck, broken, or on another log."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from wareflow_events import consumer
from wareflow_events.broker import Broker, Chunk, LogTruncated, TopicPartition
from wareflow_events.consumer import ClientStuck, Consumer
from wareflow_events.contract import eventually
from wareflow_events.contract.service import TOPICS, Service, running
from wareflow_events.postgres import PostgresBroker

TOPIC = TOPICS[0]


@pytest.fixture
async def log(log_broker: PostgresBroker) -> PostgresBroker:
    await log_broker.ensure_topics(TOPICS)
    return log_broker


async def test_a_group_that_stands_behind_the_end_of_the_log_says_so(
    service: Service, log: PostgresBroker
) -> None:
    member = Consumer(group=service.group, broker=log, transactions=service.transactions)
    place = TopicPartition(TOPIC.name, 3)
    assert await member.positions([place]) == {place: 0}
    async with service.engine.begin() as connection:
        _ = await connection.exec_driver_sql("UPDATE consumer_offset SET next = 5")
    with pytest.raises(LogTruncated, match=r"stands at 5 .* ends at 0"):
        _ = await member.positions([place])


class Idle:
    """A broker whose log has one record that it never delivers."""

    def __init__(self, *, given: Sequence[TopicPartition] | None) -> None:
        self.given = given
        self.subscribed = 0
        self.error: Exception | None = None
        self.unanswered = 0
        """How many questions for its ends it leaves without an answer."""
        self.may_close = asyncio.Event()
        self.may_close.set()

    async def subscribe(self, group: str, topics: object, *, starts: Any) -> "Idle":
        self.subscribed += 1
        if self.given is not None:
            _ = await starts(self.given)
        return self

    async def ends(self, topics: object) -> Mapping[TopicPartition, int]:
        if self.unanswered:
            self.unanswered -= 1
            await asyncio.Future[None]()
        return {TopicPartition(TOPIC.name, n): int(n == 0) for n in range(TOPIC.partitions)}

    async def fetch(self, *, limit: int, wait: float) -> Sequence[Chunk]:
        await asyncio.sleep(0.01)
        if self.error is not None and self.subscribed == 1:
            raise self.error
        return ()

    async def close(self) -> None:
        _ = await self.may_close.wait()


def idle_consumer(service: Service, broker: Idle) -> Consumer:
    return Consumer(
        group=service.group,
        broker=cast("Broker", broker),
        transactions=service.transactions,
        patience=0.3,
    )


@pytest.mark.parametrize("given", [None, [TopicPartition(TOPIC.name, 0)]])
async def test_a_client_that_delivers_nothing_while_it_is_behind_is_stuck(
    service: Service, monkeypatch: pytest.MonkeyPatch, given: Sequence[TopicPartition] | None
) -> None:
    """Whether it never joined or holds the partition."""
    monkeypatch.setattr(consumer, "_MEASURE_EVERY", 0.05)
    with pytest.raises(ClientStuck, match="1 behind"):
        await idle_consumer(service, Idle(given=given)).run(asyncio.Event())


async def test_who_is_stuck_in_leaving_as_well_ends_all_the_same(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "_MEASURE_EVERY", 0.05)
    monkeypatch.setattr(consumer, "_LEAVES_WITHIN", 0.1)
    broker = Idle(given=None)
    broker.may_close.clear()
    async with asyncio.timeout(30):
        with pytest.raises(ClientStuck, match="1 behind"):
            await idle_consumer(service, broker).run(asyncio.Event())


async def test_a_log_that_once_did_not_answer_is_asked_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "_MEASURE_EVERY", 0.2)
    broker = Idle(given=None)
    broker.unanswered = 1
    async with asyncio.timeout(30):
        with pytest.raises(ClientStuck, match="1 behind"):
            await idle_consumer(service, broker).run(asyncio.Event())


@pytest.mark.parametrize("given", [[], [TopicPartition(TOPIC.name, 1)]])
async def test_who_waits_beside_a_busy_member_is_not_stuck(
    service: Service, monkeypatch: pytest.MonkeyPatch, given: Sequence[TopicPartition]
) -> None:
    monkeypatch.setattr(consumer, "_MEASURE_EVERY", 0.05)
    async with running(idle_consumer(service, Idle(given=given))):
        await asyncio.sleep(1.0)  # three times its patience


async def test_a_broken_client_is_made_anew(service: Service) -> None:
    broker = Idle(given=[])
    broker.error = ConnectionResetError()
    async with running(idle_consumer(service, broker)):
        await eventually(lambda: broker.subscribed == 2)
