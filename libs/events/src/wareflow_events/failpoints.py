"""Fail points: named places where a fault run makes this process fail; inert in the product.

A place is declared beside the code that reaches it, once, under a name that says what has just
happened and what has not: `relay.sent_not_deleted`. Nothing but a test program arms one.
"""

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Action = Callable[[str], None]
"""What happens at an armed place; it is told the subject, an event's or a row's id, or ''."""


class Injected(RuntimeError):
    """A fault that was asked for."""


@dataclass(slots=True)
class FailPoint:
    """A place where something may go wrong."""

    name: str
    action: Action | None = field(default=None, repr=False)

    def reach(self, subject: object = "") -> None:
        """Do here what the place is armed with, if it is."""
        if self.action is not None:
            self.action(str(subject))


_DECLARED: dict[str, FailPoint] = {}


def failpoint(name: str) -> FailPoint:
    """Declare a place, when its module is imported; a name is used once."""
    if name in _DECLARED:
        raise ValueError(f"the fail point {name} is declared twice")
    point = _DECLARED[name] = FailPoint(name)
    return point


def declared() -> Mapping[str, FailPoint]:
    """Every place in the modules imported so far, by name."""
    return MappingProxyType(_DECLARED)


def arm(name: str, action: Action) -> None:
    """Let `action` happen at a place, until `disarm`; KeyError if nothing is declared so."""
    _DECLARED[name].action = action


def disarm() -> None:
    """Make every place inert again."""
    for point in _DECLARED.values():
        point.action = None


def die(_subject: str) -> None:
    """End this process at once, as `kill -9` does: nothing is flushed, closed or said."""
    os._exit(9)


def freeze(_subject: str) -> None:
    """Stop this process where it stands, as SIGSTOP does, until it gets SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


def on_hit(number: int, action: Action) -> Action:
    """Let `action` happen when a place is reached for the `number`-th time, and only then."""
    left = number

    def count(subject: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            action(subject)

    return count


def about(subject: str, action: Action) -> Action:
    """Let `action` happen only where a place is reached with `subject`."""

    def compare(reached: str) -> None:
        if reached == subject:
            action(reached)

    return compare
