"""The broker port on Apache Kafka 4; nothing outside this package knows aiokafka.

Where a group stands is the service's own row, given by `starts` on assignment and fenced by its
compare-and-set; what is committed to Kafka shows the lag to Kafka's own tools, no more.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wareflow_events.broker import Starts, Stored, TopicPartition
from wareflow_events.event import Topic
from wareflow_events.kafka import producer, subscription
from wareflow_events.kafka.reader import Reader
from wareflow_events.kafka.topics import ensure
from wareflow_events.quiet import quieten

quieten("aiokafka")


class KafkaBroker:
    """The `Broker` port on a Kafka cluster.

    `replication` and `min_in_sync` are those of the topics it makes. `security` is passed to
    every client: `security_protocol`, `ssl_context`, `sasl_mechanism`, `sasl_plain_username`, ...
    as in aiokafka. `compression` (`gzip`, ...) pays only where the network is the limit. `drain` is
    how many seconds a rebalance waits for the batch in work; what comes later is fenced.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        replication: int = 3,
        min_in_sync: int = 2,
        compression: str | None = None,
        drain: float = subscription.DRAIN,
        security: Mapping[str, Any] | None = None,
    ) -> None:
        self._client: dict[str, Any] = {"bootstrap_servers": bootstrap, **(security or {})}
        self._replication = replication
        self._min_in_sync = min_in_sync
        self._compression = compression
        self._drain = drain
        self._partitions: dict[str, int] = {}
        self._reader = Reader(self._client)

    async def ensure_topics(self, topics: Iterable[Topic]) -> None:
        """Make missing topics and wait until every partition has a leader.

        `PartitionMismatch` or `RetentionMismatch` when one exists that is not as declared.
        """
        declared = list(topics)
        await ensure(
            self._client,
            declared,
            replication=self._replication,
            min_in_sync=self._min_in_sync,
        )
        self._partitions |= {topic.name: topic.partitions for topic in declared}

    async def producer(self) -> producer.KafkaProducer:
        """A producer with connections of its own, for the topics that were ensured."""
        return await producer.connect(
            self._client, partitions=self._partitions, compression=self._compression
        )

    async def subscribe(
        self, group: str, topics: Sequence[Topic], *, starts: Starts
    ) -> subscription.KafkaSubscription:
        """Join a consumer group; the join goes on in the background, `fetch` waits for it."""
        return subscription.connect(
            self._client, group, topics, starts=starts, reader=self._reader, drain=self._drain
        )

    async def ends(self, topics: Sequence[Topic]) -> Mapping[TopicPartition, int]:
        """The offset after the last record, of every partition."""
        return await self._reader.ends(
            [TopicPartition(topic.name, n) for topic in topics for n in range(topic.partitions)]
        )

    async def read(self, place: TopicPartition, *, start: int, limit: int) -> Sequence[Stored]:
        """Records from `start` on, outside any group; none at the end of the partition."""
        return await self._reader.read(place, start=start, limit=limit)

    async def close(self) -> None:
        """Close what was opened to look at the log."""
        await self._reader.close()
