"""One seed from beginning to end, on a server and a shop that all seeds share."""

import gc
import hashlib
import tempfile
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.chance import dice
from tests.simulation.databases import PARTS, Databases, databases
from tests.simulation.gate import Stuck
from tests.simulation.play import Play
from tests.simulation.settings import plan_of
from tests.simulation.weather import Climate, Weather
from tests.simulation.world import World

from wareflow_events import event
from wareflow_events.broker import Record
from wareflow_events.event import Topic

_OPENED_BEFORE = 60.0
"""Virtual seconds between the opening of the shop and the beginning of a run."""


@dataclass(frozen=True)
class Outcome:
    """What became of a seed."""

    seed: int
    breaches: list[str]
    """What was promised and does not hold; empty is good."""
    counts: Counter[str]
    """What befell the shop, how often."""
    visits: Counter[str]
    """How people's visits ended."""
    met: set[str]
    """Kinds of calls that were made while things broke."""
    struck: set[str]
    """Those of them at which a process crashed or lost its connection."""
    trace: list[str]
    """Every decision of the gate."""
    seconds: float
    """Virtual ones."""

    @property
    def digest(self) -> str:
        """The same for the same run."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]


@dataclass
class Stage:
    """What runs share: the server, a folder with keys, and a shop whose shelves are filled."""

    databases: Databases
    folder: Path
    variants: list[str] = field(default_factory=list[str])
    told: list[Record] = field(default_factory=list[Record])
    """What the log holds when a run begins."""
    topics: list[Topic] = field(default_factory=event.topics)

    def world(self, seed: int, climate: Climate) -> World:
        """A fresh world on it."""
        plan = plan_of(self.folder, self.databases.url, seed)
        world = World(plan, Weather(seed, climate), self.databases.monitor)
        world.log.ensure(self.topics)
        world.log.append(self.told)
        return world


@contextmanager
def stage() -> Generator[Stage]:
    """A shop that has just opened, which every run begins with."""
    with (
        tempfile.TemporaryDirectory(prefix="wareflow-simulation-") as folder,
        databases() as server,
    ):
        made = Stage(server, Path(folder))
        plan = plan_of(made.folder, server.url, 0)
        for name in PARTS:  # keys are made now: the first run must not throw other dice
            _ = plan.settings(name)
        _ = plan.staff_token()
        _open(made)
        yield made


def _open(on: Stage) -> None:
    """Fill the shelves in calm weather, and keep what databases and log hold then."""
    world = on.world(0, Climate.draw(dice(0, "climate"), PARTS))
    with world.loop() as loop:
        on.variants = loop.run_until_complete(Play(world).open())
    on.told = world.log.history()
    on.databases.keep("open")
    gc.collect()
    gc.freeze()


def run_seed(seed: int, on: Stage) -> Outcome:
    """Play a seed."""
    on.databases.reset("open")
    world = on.world(seed, Climate.draw(dice(seed, "climate"), PARTS))
    world.clock.advance(_OPENED_BEFORE)
    play = Play(world)
    _ = gc.collect()
    gc.disable()  # what it finds, and when, is not the same in a replay
    try:
        with world.loop() as loop:
            try:
                loop.run_until_complete(play.run(on.variants))
            except Stuck as stuck:
                play.breaches += [f"stuck: {stuck}", *world.died]
                loop.run_until_complete(world.end())
    finally:
        gc.enable()
    world.weather.counts["events"] = world.log.appended - len(on.told)
    return Outcome(
        seed,
        breaches=play.breaches,
        counts=world.weather.counts,
        visits=play.diary.counts,
        met=world.weather.met,
        struck=world.weather.struck,
        trace=world.gate.trace,
        seconds=world.clock.passed - _OPENED_BEFORE,
    )
