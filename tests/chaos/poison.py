"""Which events are poison: one in two thousand, by its id, wherever it is handled."""

from hashlib import blake2b
from pathlib import Path

from wareflow_events.failpoints import Action, Injected

ONE_IN = 2000


class Poison(Injected):
    """An event that can never be applied here."""


def is_poison(event_id: str) -> bool:
    """Whether an event of this id fails each time."""
    return int.from_bytes(blake2b(event_id.encode(), digest_size=8).digest()) % ONE_IN == 0


def until(peace: Path) -> Action:
    """What raises `Poison` for an event that is, as long as there is no such file."""

    def refuse(event_id: str) -> None:
        if is_poison(event_id) and not peace.exists():
            raise Poison(event_id)

    return refuse
