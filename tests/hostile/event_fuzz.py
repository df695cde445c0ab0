"""A run: waves of records through every consumer, and a verdict over all of them."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from tests.hostile.event_fates import Fate, Fates, parks_without_letters
from tests.hostile.event_records import WAVE, Sent, Stream
from tests.hostile.event_stage import Stage, open_stage

from wareflow.house import groups_of
from wareflow_events.clock import utc_now
from wareflow_events.envelope import Malformed, from_record
from wareflow_events.rebuild import redrive


@dataclass
class Verdict:
    """How a run went."""

    seed: int
    events: int = 0
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    redriven: int = 0
    ways: Counter[str] = field(default_factory=Counter[str])
    fates: Fates = field(default_factory=Fates)
    breaches: list[str] = field(default_factory=list[str])
    told: dict[str, int] = field(default_factory=dict[str, int])
    """Promises that do not hold between what the services were told, with the rows that break
    them: a random teller pays back more than was paid, and that is written down as it was told."""

    @property
    def holds(self) -> bool:
        """Whether every record had the fate it must have, and nothing else broke."""
        return not self.fates.wrong and not self.breaches

    def line(self) -> str:
        """The last line."""
        counts = ", ".join(f"{self.fates.counts[fate]:,} {fate}" for fate in Fate)
        state = "all hold" if self.holds else f"{len(self.fates.wrong)} WRONG, {self.breaches}"
        return (
            f"seed {self.seed}: {self.events:,} events in {self.seconds:.0f} s, {state}; {counts}"
            f" of {self.fates.counts.total():,} deliveries; {self.redriven:,} redriven,"
            f" {len(self.ways)} ways, {len(self.fates.reasons)} kinds of errors"
        )


async def fuzz(
    *,
    events: int,
    seed: int,
    one_in: int = 1,
    patience: float = 60,
    progress: Callable[[Verdict], None] = lambda _: None,
) -> Verdict:
    """Send each break on each type (`one_in` so many) once, then as many more as are asked for.

    Stops at the first thing that hangs.
    """
    verdict = Verdict(seed)
    stream = Stream(seed, utc_now())
    async with open_stage() as stage:
        try:
            for sent in (stream.every_break(one_in), stream.take(events)):
                await _waves(stage, sent, verdict, patience, progress)
        except AssertionError as error:
            verdict.breaches.append(str(error))
            return verdict
        verdict.breaches += await parks_without_letters(stage)
        verdict.told = await stage.broken_promises()
        verdict.redriven = await _redrive(stage)
        verdict.breaches += await parks_without_letters(stage)
    verdict.seconds = time.monotonic() - verdict.began
    return verdict


async def _waves(
    stage: Stage,
    sent: Iterable[Sent],
    verdict: Verdict,
    patience: float,
    progress: Callable[[Verdict], None],
) -> None:
    source = iter(sent)
    while wave := list(islice(source, WAVE)):
        verdict.ways.update(one.way for one in wave)
        for one in wave:
            _decode(one)
        placed = await stage.send(wave)
        await stage.heard(patience=patience)
        await verdict.fates.write_down(stage, placed)
        verdict.events += len(wave)
        verdict.seconds = time.monotonic() - verdict.began
        progress(verdict)


def _decode(sent: Sent) -> None:
    """Whatever it is, the codec reads it or says what is wrong with it."""
    with suppress(Malformed):
        _ = from_record(sent.record)


async def _redrive(stage: Stage) -> int:
    """Try each parked key once more, as an operator would."""
    tried = 0
    for service, transactions in {h.service: h.transactions for h in stage.hearings}.items():
        async for _ in redrive(transactions, groups_of(service)):
            tried += 1
    return tried
