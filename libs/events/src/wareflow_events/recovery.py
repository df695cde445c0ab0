"""What a service says of its recovery: how it takes back from the log what it told.

For a database that is an older copy of itself. `recovering` carries it out.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wareflow_events.event import Event, Topic, event_classes
from wareflow_events.handlers import ConsumerGroup, Heard
from wareflow_events.transaction import Transaction

Take = Callable[[Transaction, Sequence[Heard[Any]]], Awaitable[None]]
"""Takes back events of one topic, in the order of their keys; publishes nothing."""


@dataclass(frozen=True)
class Recall:
    """How the events of one topic are taken back."""

    events: tuple[type[Event], ...]
    take: Take

    @property
    def topic(self) -> Topic:
        """The topic of all of them."""
        (topic,) = {event.TOPIC.name: event.TOPIC for event in self.events}.values()
        return topic


@dataclass(frozen=True)
class Recollection:
    """How the events of a topic without numbers are taken back: those that are not there."""

    event: type[Event]
    take: Callable[[Transaction, Sequence[Heard[Any]]], Awaitable[int]]
    """Takes back what is not there; how many that were."""


async def _nothing(_tx: Transaction) -> None:
    """Nothing is left to do."""


@dataclass(frozen=True)
class Recovery:
    """How a service takes back what it told, topic by topic in this order."""

    service: str
    recalls: Sequence[Recall]
    nothing: Mapping[type[Event], str] = field(default_factory=dict[type[Event], str])
    """Events that carry nothing to take back, each with the reason."""
    lost: Sequence[str] = ()
    """What no event carries, so that it stays lost; for people."""
    recollections: Sequence[Recollection] = ()
    before: ConsumerGroup | None = None
    """What of others must be heard first; it begins where the group of this name stands."""
    after: Callable[[Transaction], Awaitable[None]] = _nothing
    """What is left to do at the end; harmless when repeated."""


def unexplained(recovery: Recovery) -> list[type[Event]]:
    """Events of the service that its recovery neither takes back nor says why it does not."""
    taken = {event for recall in recovery.recalls for event in recall.events}
    taken |= {recollection.event for recollection in recovery.recollections}
    own = (event for event in event_classes() if event.TOPIC.service == recovery.service)
    return [event for event in own if event not in taken | recovery.nothing.keys()]
