"""Topics on Kafka: made as declared, and never silently otherwise than declared."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from wareflow_events.broker import PartitionMismatch, RetentionMismatch
from wareflow_events.event import Topic

_LIMIT = 30.0


async def ensure(
    client: Mapping[str, Any], topics: Iterable[Topic], *, replication: int, min_in_sync: int
) -> None:
    """Make missing topics and wait until every partition has a leader.

    `PartitionMismatch` or `RetentionMismatch` when one exists that is not as declared.
    """
    wanted = {topic.name: topic for topic in topics}
    if not wanted:
        return
    admin: Any = AIOKafkaAdminClient(**client)
    try:
        async with asyncio.timeout(_LIMIT):
            await admin.start()
            missing = wanted.keys() - await _partition_counts(admin)
            fresh = [
                _new(wanted[name], replication=replication, min_in_sync=min_in_sync)
                for name in sorted(missing)
            ]
            await _make(admin, fresh)
            while not _all_led(await _partition_counts(admin), wanted):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await _check_retention(admin, wanted)
    finally:
        await admin.close()


def _new(topic: Topic, *, replication: int, min_in_sync: int) -> NewTopic:
    config = _config(topic) | {"min.insync.replicas": str(min_in_sync)}
    return NewTopic(topic.name, topic.partitions, replication, topic_configs=config)


async def _make(admin: Any, topics: Sequence[NewTopic]) -> None:
    if not topics:
        return
    response = await admin.create_topics(topics)
    for name, code, *message in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise for_code(code)(f"topic {name}: {message[0] if message else code}")


def _config(topic: Topic) -> dict[str, str]:
    keep = topic.retention
    milliseconds = -1 if keep is None else int(keep.total_seconds() * 1000)
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(milliseconds),
        "retention.bytes": "-1",
    }


async def _partition_counts(admin: Any) -> dict[str, tuple[int, bool]]:
    """How many partitions each topic has, and whether all are led."""
    found: list[dict[str, Any]] = await admin.describe_topics()
    return {
        topic["topic"]: (
            len(topic["partitions"]),
            all(partition["leader"] >= 0 for partition in topic["partitions"]),
        )
        for topic in found
    }


def _all_led(found: Mapping[str, tuple[int, bool]], wanted: Mapping[str, Topic]) -> bool:
    for name, topic in wanted.items():
        count, led = found.get(name, (0, False))
        if led and count != topic.partitions:
            raise PartitionMismatch(
                f"{name} has {count} partitions, declared with {topic.partitions}"
            )
    return all(found.get(name, (0, False))[1] for name in wanted)


async def _check_retention(admin: Any, wanted: Mapping[str, Topic]) -> None:
    """A topic that forgets earlier than declared loses history without a word."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in wanted]
    for response in await admin.describe_configs(resources):
        for code, message, _, name, entries in response.resources:
            if code:
                raise for_code(code)(f"topic {name}: {message}")
            actual = {entry[0]: entry[1] for entry in entries}
            wrong = [
                f"{key} is {actual.get(key)}, declared {value}"
                for key, value in _config(wanted[name]).items()
                if _forgets_more(key, actual.get(key), value)
            ]
            if wrong:
                raise RetentionMismatch(f"{name}: {', '.join(wrong)}")


def _forgets_more(key: str, actual: str | None, declared: str) -> bool:
    if key == "cleanup.policy" or actual is None:
        return actual != declared
    if int(actual) == -1:
        return False
    return declared == "-1" or int(actual) < int(declared)
