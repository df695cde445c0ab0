"""Kafka keeps the brokers' contract, and what only Kafka has is as we need it."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import InvalidReplicationFactorError, KafkaConnectionError
from aiokafka.structs import TopicPartition as KafkaPlace

from wareflow_events.broker import Chunk, LogTruncated, RetentionMismatch, Subscription
from wareflow_events.contract import BrokerContract, ConsumerContract, Log, eventually
from wareflow_events.contract.support import (
    Member,
    Stands,
    a_group,
    a_record,
    a_topic,
    place_of,
    records,
)
from wareflow_events.event import Kind, Topic
from wareflow_events.kafka import KafkaBroker

if TYPE_CHECKING:
    from tools.kafka.local_kafka import LocalKafka

pytestmark = pytest.mark.kafka


class TestKafka(BrokerContract):
    @pytest.fixture
    def log(self, kafka_log: Log) -> Log:
        return kafka_log


class TestConsumersOnKafka(ConsumerContract):
    @pytest.fixture
    def log(self, kafka_log: Log) -> Log:
        return kafka_log


@pytest.fixture
async def broker(local_kafka: "LocalKafka") -> AsyncIterator[KafkaBroker]:
    made = KafkaBroker(local_kafka.bootstrap, replication=1, min_in_sync=1)
    yield made
    await made.close()


@pytest.fixture
async def admin(local_kafka: "LocalKafka") -> AsyncIterator[Any]:
    client: Any = AIOKafkaAdminClient(bootstrap_servers=local_kafka.bootstrap)
    await client.start()
    yield client
    await client.close()


async def send(broker: KafkaBroker, topic: Topic, number: int) -> None:
    await broker.ensure_topics([topic])
    producer = await broker.producer()
    await producer.send([a_record(topic, "key", n) for n in range(number)])
    await producer.close()


async def config_of(admin: Any, topic: Topic) -> Mapping[str, str]:
    [response] = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic.name)]
    )
    [(*_, entries)] = response.resources
    return {entry[0]: entry[1] for entry in entries}


@pytest.mark.parametrize(
    ("kind", "retention"),
    [
        (Kind.STATE, -1),
        (Kind.FACT, -1),
        (Kind.ACTIVITY, 90 * 86_400_000),
        (Kind.CONTACT, 259_200_000),
    ],
)
async def test_topics_are_kept_as_their_kind_says(
    broker: KafkaBroker, admin: Any, kind: Kind, retention: int
) -> None:
    topic = a_topic(kind)
    await broker.ensure_topics([topic])
    config = await config_of(admin, topic)
    assert int(config["retention.ms"]) == retention
    assert (config["cleanup.policy"], config["min.insync.replicas"]) == ("delete", "1")
    [described] = await admin.describe_topics([topic.name])
    assert len(described["partitions"]) == topic.partitions


@pytest.mark.parametrize(
    "config",
    [{"retention.ms": "604800000"}, {"cleanup.policy": "compact"}, {"retention.bytes": "9999"}],
)
async def test_a_topic_that_forgets_more_than_declared_is_refused(
    broker: KafkaBroker, admin: Any, config: dict[str, str]
) -> None:
    topic = a_topic(Kind.STATE)
    kept = {"retention.ms": "-1"} | config
    _ = await admin.create_topics([NewTopic(topic.name, topic.partitions, 1, topic_configs=kept)])
    with pytest.raises(RetentionMismatch, match=next(iter(config))):
        await broker.ensure_topics([topic])


async def test_a_topic_that_keeps_longer_is_accepted(broker: KafkaBroker, admin: Any) -> None:
    topic = a_topic(Kind.CONTACT)
    kept = {"retention.ms": "604800000"}
    _ = await admin.create_topics([NewTopic(topic.name, topic.partitions, 1, topic_configs=kept)])
    await broker.ensure_topics([topic])


async def test_more_replicas_than_brokers_are_told(local_kafka: "LocalKafka") -> None:
    topic = a_topic()
    with pytest.raises(InvalidReplicationFactorError, match=topic.name):
        await KafkaBroker(local_kafka.bootstrap, replication=3).ensure_topics([topic])


async def fetched(broker: KafkaBroker, topic: Topic, stands: Stands, *, until: int) -> list[Chunk]:
    """What a member gets, settling each chunk, until it stands at `until`."""
    subscription = await broker.subscribe(a_group(), [topic], starts=stands.starts)
    found: list[Chunk] = []
    try:
        while not found or found[-1].end < until:
            chunks = await subscription.fetch(limit=100, wait=0.2)
            found += chunks
            await subscription.settle({chunk.place: chunk.end for chunk in chunks}, rest={})
    finally:
        await subscription.close()
    return found


@pytest.mark.parametrize("expired", [6, 10])
async def test_records_that_expired_are_gone_past(
    broker: KafkaBroker, admin: Any, expired: int
) -> None:
    topic = a_topic()
    await send(broker, topic, 10)
    place = place_of(topic, "key")
    _ = await admin.delete_records({KafkaPlace(*place): RecordsToDelete(before_offset=expired)})
    first, *rest = await fetched(broker, topic, Stands(), until=10)
    assert first == Chunk(place, 0, expired, ())
    assert [s.offset for chunk in rest for s in chunk.records] == list(range(expired, 10))
    seen = await broker.read(place, start=0, limit=100)
    assert [s.offset for s in seen] == list(range(expired, 10))


async def test_a_position_behind_the_end_of_the_log_is_refused(broker: KafkaBroker) -> None:
    topic = a_topic()
    await send(broker, topic, 3)
    stands = Stands({place_of(topic, "key"): 9})
    with pytest.raises(LogTruncated, match="stands at 9"):
        _ = await fetched(broker, topic, stands, until=10)


async def test_a_member_whose_start_is_unknown_does_not_read_from_anywhere(
    broker: KafkaBroker,
) -> None:
    topic = a_topic()
    await send(broker, topic, 3)

    async def no_database(_: object) -> Mapping[Any, int]:
        raise ConnectionRefusedError("no database")

    subscription = await broker.subscribe(a_group(), [topic], starts=no_database)
    try:
        with pytest.raises(ConnectionRefusedError):
            await something(subscription)
    finally:
        await subscription.close()


async def test_a_rebalance_waits_for_the_batch_in_work(broker: KafkaBroker) -> None:
    topic, group, stands = a_topic(), a_group(), Stands()
    await broker.ensure_topics([topic])
    producer = await broker.producer()
    await producer.send(records(topic, keys=30, each=1))
    slow = await broker.subscribe(group, [topic], starts=stands.starts)
    chunks = await slow.fetch(limit=100, wait=0.2)
    while not chunks:
        chunks = await slow.fetch(limit=100, wait=0.2)
    async with Member(broker, group, topic, stands) as other:
        await asyncio.sleep(1.0)  # long enough for the rebalance to begin
        assert other.heard == []
        assert all(stands.move(chunk) for chunk in chunks)
        await slow.settle({chunk.place: chunk.end for chunk in chunks}, rest={})
        done = sum(len(chunk.records) for chunk in chunks)
        await slow.close()
        await producer.send(records(topic, keys=30, each=1))
        await eventually(lambda: len(other.heard) == 60 - done)
    await producer.close()


async def something(subscription: Subscription) -> None:
    """Return when the member gets something."""
    while not await subscription.fetch(limit=100, wait=0.2):
        pass


async def test_the_lag_shows_in_kafka(broker: KafkaBroker, admin: Any) -> None:
    topic, group = a_topic(), a_group()
    await send(broker, topic, 5)
    async with Member(broker, group, topic, Stands()) as member:
        await eventually(lambda: len(member.heard) == 5)
    offsets = await admin.list_consumer_group_offsets(group)
    assert offsets[KafkaPlace(*place_of(topic, "key"))].offset == 5


async def test_a_producer_that_failed_is_of_no_more_use(broker: KafkaBroker) -> None:
    topic, unknown = a_topic(), a_topic()
    await broker.ensure_topics([topic])
    producer = await broker.producer()
    with pytest.raises(KeyError):
        await producer.send([a_record(unknown, "key", 1)])
    with pytest.raises(KafkaConnectionError, match="make a new one"):
        await producer.send([a_record(topic, "key", 1)])
    await producer.close()


async def test_closing_does_not_wait_for_a_broker_that_is_gone(
    broker: KafkaBroker, local_kafka: "LocalKafka"
) -> None:
    topic = a_topic()
    await send(broker, topic, 3)
    producer = await broker.producer()
    subscription = await broker.subscribe(a_group(), [topic], starts=Stands().starts)
    await something(subscription)
    await asyncio.to_thread(local_kafka.kill)
    try:
        sending = asyncio.create_task(producer.send([a_record(topic, "key", 1)]))
        _ = await asyncio.wait({sending}, timeout=0.5)
        _ = sending.cancel()
        began = time.monotonic()
        await producer.close()
        assert time.monotonic() - began < 5
        await subscription.close()
        assert time.monotonic() - began < 20
        with pytest.raises(asyncio.CancelledError):
            await sending
    finally:
        _ = await asyncio.to_thread(local_kafka.start)


async def test_who_looks_at_a_broker_that_is_gone_does_not_seem_to_be_cancelled(
    broker: KafkaBroker, local_kafka: "LocalKafka"
) -> None:
    """Its client is closed while it waits to fetch again; aiokafka lets that cancellation out."""
    topic = a_topic()
    await send(broker, topic, 3)
    assert len(await broker.read(place_of(topic, "key"), start=0, limit=10)) == 3
    await asyncio.to_thread(local_kafka.kill)
    try:
        await asyncio.sleep(0.5)
        looking = asyncio.create_task(broker.close())
        _ = await asyncio.wait({looking}, timeout=30)
        assert not looking.cancelled()
        looking.result()
    finally:
        _ = await asyncio.to_thread(local_kafka.start)


async def test_making_topics_joining_and_leaving_leave_nothing_in_the_log(
    broker: KafkaBroker, caplog: pytest.LogCaptureFixture
) -> None:
    topic = a_topic()
    await broker.ensure_topics([topic])
    stands, group = Stands(), a_group()
    async with Member(broker, group, topic, stands) as one, Member(broker, group, topic, stands):
        producer = await broker.producer()
        await producer.send(records(topic, keys=5, each=5))
        await producer.close()
        await eventually(lambda: sum(stands.at.values()) == 25)
    assert [r for r in caplog.records if r.name.startswith("aiokafka")] == []
    assert one is not None
