"""A broker that leads nowhere, for tests that feed and read events by hand."""
# ruff: noqa: ARG002  these are a port's signatures

from collections.abc import Iterable, Mapping, Sequence

from wareflow_events.broker import Producer, Starts, Stored, Subscription, TopicPartition
from wareflow_events.event import Topic


class Unplugged:
    """A broker for services whose events are fed and read by hand."""

    async def ensure_topics(self, topics: Iterable[Topic]) -> None:
        """There are none to make."""

    async def producer(self) -> Producer:
        """Not here."""
        raise ConnectionError("this broker is unplugged")

    async def subscribe(
        self, group: str, topics: Sequence[Topic], *, starts: Starts
    ) -> Subscription:
        """Not here."""
        raise ConnectionError("this broker is unplugged")

    async def ends(self, topics: Sequence[Topic]) -> Mapping[TopicPartition, int]:
        """Nothing was ever written."""
        return {}

    async def read(self, place: TopicPartition, *, start: int, limit: int) -> Sequence[Stored]:
        """Nothing was ever written."""
        return []

    async def close(self) -> None:
        """Nothing to let go of."""
