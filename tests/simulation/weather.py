"""The seeded scheduler: who goes next, what is late, what is lost, and who dies when."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.simulation.chance import dice
from tests.simulation.gate import Call, Caller, Fate
from tests.simulation.process import Process

_MOST_CRASHES = 15
"""In a run; more of them keep everybody starting up, which is soon known."""


@dataclass(frozen=True)
class Climate:
    """How bad it gets; drawn per seed, so that some runs are gentle and others are not."""

    crash: float
    """Of a call that was never made before; the n-th of its kind has an n-th of this."""
    lost: float
    freeze: float
    slow: float
    """Share of calls that take time to arrive."""
    late: float
    """Seconds that an event is late, at most."""
    twice: float
    broken_off: float
    takeover: float
    """Chance per fetch that a group's members change places."""
    bad_line: float
    """Chance that a request or its answer is lost."""
    favour: dict[str, float]
    """How much likelier than others a process is to go next."""

    @classmethod
    def draw(cls, chance: random.Random, names: Sequence[str]) -> "Climate":
        """Some climate."""
        return cls(
            crash=chance.choice((0.0, 0.003, 0.01, 0.03)),
            lost=chance.choice((0.0, 0.0, 0.005)),
            freeze=chance.choice((0.0, 0.0, 0.003)),
            slow=chance.choice((0.0, 0.01, 0.05)),
            late=chance.choice((0.0, 0.05, 0.5, 3.0)),
            twice=chance.choice((0.0, 0.1, 0.5)),
            broken_off=chance.choice((0.0, 0.05)),
            takeover=chance.choice((0.0, 0.0, 0.02)),
            bad_line=chance.choice((0.0, 0.01, 0.05)),
            favour={name: chance.choice((0.1, 1.0, 1.0, 10.0)) for name in names},
        )


@dataclass
class Weather:
    """Throws the dice, for the gate and for the log, while `stormy`."""

    seed: int
    climate: Climate
    stormy: bool = False
    counts: Counter[str] = field(default_factory=Counter[str])
    """What happened how often, for the report."""
    struck: set[str] = field(default_factory=set[str])
    """Kinds of calls at which a process crashed or lost its connection."""

    def __post_init__(self) -> None:
        self._order = dice(self.seed, "order")
        self._faults = dice(self.seed, "faults")
        self._log = dice(self.seed, "log")
        self._seen: Counter[str] = Counter()

    @property
    def met(self) -> set[str]:
        """Every kind of call that was in danger."""
        return set(self._seen)

    def pick(self, calls: list[Call]) -> Call:
        """Any of them, the favoured more often."""
        if len(calls) == 1:
            return calls[0]
        favour = self.climate.favour
        weights = [favour.get(call.caller.name.partition("/")[0], 1.0) for call in calls]
        return self._order.choices(calls, weights)[0]

    def fate(self, call: Call) -> Fate:
        """Rare calls are in more danger than common ones: idle polling is not worth a crash."""
        if not self.stormy or not isinstance(call.caller, Process) or not call.caller.mortal:
            return Fate.PASSES
        kind = f"{call.caller.name.partition('/')[0]} {call.what}"
        self._seen[kind] += 1
        dice, climate = self._faults.random() * self._seen[kind], self.climate
        if dice < climate.crash:
            if self.counts["crashes"] < _MOST_CRASHES:
                return self._strike(call, kind, (Fate.CRASH_BEFORE, Fate.CRASH_AFTER))
        elif dice < climate.crash + climate.lost:
            return self._strike(call, kind, (Fate.LOST_BEFORE, Fate.LOST_AFTER))
        elif dice < climate.crash + climate.lost + climate.freeze:
            self.counts["freezes"] += 1
            call.caller.freeze(self._faults.uniform(0.2, 8.0))
        return Fate.PASSES

    def _strike(self, call: Call, kind: str, fates: tuple[Fate, Fate]) -> Fate:
        fate = self._faults.choice(fates) if call.flight else fates[0]
        self.counts["crashes" if fate.value.startswith("crash") else "lost connections"] += 1
        self.struck.add(kind)
        return fate

    def delay(self, caller: Caller) -> float:
        """Mostly none, sometimes milliseconds, rarely seconds."""
        if not self.stormy or self._faults.random() >= self.climate.slow:
            return 0.0
        return (
            self._faults.uniform(0.5, 4.0)
            if self._faults.random() < 0.05
            else self._faults.uniform(0.001, 0.2)
        )

    def pause(self) -> float:
        """Until what crashed is started again."""
        return self._faults.uniform(0.02, 3.0)

    def on_the_line(self) -> float:
        """Seconds that a request or an answer travels."""
        return self._faults.uniform(0.0, 0.05) if self.stormy else 0.0

    def line_breaks(self) -> bool:
        """Whether a request, or an answer, is lost."""
        return self._hits(self._faults, self.climate.bad_line, "lost messages")

    def lateness(self) -> float:
        """Of an event."""
        return self._log.uniform(0.0, self.climate.late) if self.stormy else 0.0

    def stored_of(self, count: int) -> int:
        """How many of a batch are stored before the log crashes."""
        if self._hits(self._log, self.climate.broken_off, "log crashes"):
            return self._log.randrange(count)
        return count

    def comes_twice(self) -> bool:
        """Whether a batch is stored twice."""
        return self._hits(self._log, self.climate.twice, "batches twice")

    def loses_partitions(self) -> bool:
        """Whether a member is taken what it holds."""
        return self._hits(self._log, self.climate.takeover, "takeovers")

    def _hits(self, chance: random.Random, share: float, what: str) -> bool:
        if not self.stormy or chance.random() >= share:
            return False
        self.counts[what] += 1
        return True
