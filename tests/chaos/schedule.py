"""What happens to the shop, when, and to whom: a pure function of the seed and the seconds."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What goes wrong."""

    KILL = "kill -9"
    """A process ends where it stands."""
    STOP = "stop"
    """A process stands still for a while (SIGSTOP), and then goes on as if nothing had been."""
    BROKER = "broker kill -9"
    POSTGRES = "database crash"
    """An immediate shutdown: sessions are cut, the next start recovers."""
    GATEWAY = "gateway"
    """The gateway is slow, fails, refuses, or does not answer, before or after the effect."""
    WEBHOOKS = "webhooks"
    """They come late, twice, out of order, and not at the first try."""


@dataclass(frozen=True)
class Strike:
    """One fault."""

    at: float
    """Seconds after the start."""
    fault: Fault
    victim: str
    """A process; for the gateway, what kind of fault."""
    lasts: float
    """Seconds until it is over; 0 for what a supervisor puts right by itself."""
    waits: bool = False
    """Whether the shop may get up first, or is hit while it does."""


Card = tuple[Fault, str]

GATEWAY_FAULTS = (
    *("timeout_before", "timeout_after", "error_500", "error_500_after"),
    *("conflict_409", "rate_limit_429", "slow"),
)
_SERVICES = ("catalog", "inventory", "orders", "payments", "crm", "analytics")
PROCESSES = ("sandbox", *(f"{name}-{role}" for name in _SERVICES for role in ("api", "worker")))
EMBEDDED = ("shop",)
"""All services in one process."""

_PAUSE = 3.5
"""Seconds between two strikes, on average."""
_PEACE = 0.1
"""The share of the time, at its end, in which nothing more goes wrong."""
_WAITS = 0.75
"""The share of strikes at one process that let it get up first: with every service in it, a machine
that is busy would else never see it at work."""
_LASTS = {
    Fault.STOP: (1.0, 20.0),
    Fault.BROKER: (0.5, 5.0),
    Fault.GATEWAY: (3.0, 10.0),
    Fault.WEBHOOKS: (5.0, 15.0),
}
"""Seconds from and to, the shorter the likelier. A stop may outlive the lock of a leader (3 s) and
a consumer's session (10 s), and ends before its supervisor loses patience (30 s)."""


def schedule(*, seed: int, seconds: float, embedded: bool = False) -> list[Strike]:
    """The strikes in order of time.

    A deck holds whatever may happen, with every process killed once. It is dealt again and again,
    and once even if the time is short: then the strikes come faster.
    """
    chance = random.Random(seed)
    cards = _deck(embedded=embedded)
    busy = seconds * (1 - _PEACE)
    pause = min(_PAUSE, busy / (len(cards) + 1))
    dealt: list[Card] = []
    while len(dealt) < int(busy / pause) - 1:
        dealt += _shuffled(chance, cards)
    times = [(place + chance.uniform(0.5, 1.5)) * pause for place in range(int(busy / pause) - 1)]
    return [
        Strike(
            at=round(at, 2),
            fault=fault,
            victim=victim,
            lasts=_lasting(chance, fault, most=seconds / 6),
            waits=embedded and chance.random() < _WAITS,
        )
        for at, (fault, victim) in zip(times, dealt, strict=False)
    ]


def _deck(*, embedded: bool) -> list[Card]:
    if embedded:
        processes: Sequence[str] = EMBEDDED * 5
        stopped: Sequence[str] = EMBEDDED * 3
    else:
        processes = PROCESSES
        stopped = [*(name for name in PROCESSES if name.endswith("worker")), "orders-api"]
    # Where there is no broker to lose, the database is lost twice.
    lost = (Fault.POSTGRES, "postgres") if embedded else (Fault.BROKER, "broker")
    return [
        *((Fault.KILL, name) for name in processes),
        *((Fault.STOP, name) for name in stopped),
        lost,
        (Fault.POSTGRES, "postgres"),
        *((Fault.GATEWAY, kind) for kind in GATEWAY_FAULTS),
        (Fault.WEBHOOKS, "late, twice, lost at first"),
    ]


def _shuffled(chance: random.Random, cards: Sequence[Card]) -> list[Card]:
    return chance.sample(cards, k=len(cards))


def _lasting(chance: random.Random, fault: Fault, *, most: float) -> float:
    least, longest = _LASTS.get(fault, (0.0, 0.0))
    return round(min(chance.triangular(least, longest, least), most), 2)
