"""Handlers and consumer groups: the whole list of what a service hears."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar, cast
from uuid import UUID

from sqlalchemy import Table

from wareflow_events.event import Event, Topic
from wareflow_events.transaction import Transaction

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Heard(Generic[E]):
    """An event as a handler gets it; it never gets the same one twice."""

    event: E
    id: UUID
    time: datetime
    sequence: int | None
    """The event's number among those of its key, 1..n; None on activity topics."""
    replay: bool = False
    """True while a rebuild, or a new consumer, goes through history."""


One = Callable[[Transaction, Heard[E]], Awaitable[None]]
Run = Callable[[Transaction, list[Heard[E]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Handler:
    """What a group does with one type of event."""

    event: type[Event]
    handle: Callable[[Transaction, list[Heard[Event]]], Awaitable[None]]
    run: bool
    """Whether it takes a run of consecutive events in one call."""
    expected: tuple[type[Exception], ...] = ()
    """Refusals that are an answer here, not a fault."""


def on(event: type[E], handler: One[E], *, expected: tuple[type[Exception], ...] = ()) -> Handler:
    """Handle each event of a type by itself.

    An exception named in `expected` is swallowed, with what the handler wrote; any other makes
    the event a dead letter.
    """

    async def handle(tx: Transaction, heard: list[Heard[Event]]) -> None:
        for one in heard:
            await handler(tx, cast("Heard[E]", one))

    return Handler(event, handle, run=False, expected=expected)


def on_run(event: type[E], handler: Run[E]) -> Handler:
    """Handle a run of consecutive events of a type in one call, in order."""

    async def handle(tx: Transaction, heard: list[Heard[Event]]) -> None:
        await handler(tx, cast("list[Heard[E]]", heard))

    return Handler(event, handle, run=True)


class Miswired(TypeError):
    """A consumer group contradicts itself."""


@dataclass(frozen=True)
class ConsumerGroup:
    """A consumer: its place in the log, its handlers, and the tables that are only derived."""

    name: str
    handlers: Sequence[Handler]
    derived: Sequence[Table] = ()
    """What a rebuild empties and refills; such a group has no other effect, it tells nothing."""
    by_type: dict[str, Handler] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_type = {handler.event.TYPE: handler for handler in self.handlers}
        if len(by_type) != len(self.handlers):
            raise Miswired(f"{self.name} handles an event type twice")
        if not by_type or "" in by_type:
            raise Miswired(f"{self.name} handles nothing, or an event without a type")
        object.__setattr__(self, "by_type", by_type)

    @property
    def topics(self) -> list[Topic]:
        """The topics that follow from the handlers."""
        found = {handler.event.TOPIC.name: handler.event.TOPIC for handler in self.handlers}
        return [found[name] for name in sorted(found)]
