"""`python -m tests.simulation --seeds 100`: play seeds; one that fails is shown, to be replayed."""

import argparse
import logging
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from tests.simulation.run import Outcome

_TAIL = 60
_PROGRAM = [sys.executable, "-m", "tests.simulation"]


@dataclass
class Sum:
    """What all seeds came to."""

    seeds: int = 0
    failed: list[int] = field(default_factory=list[int])
    counts: Counter[str] = field(default_factory=Counter[str])
    met: set[str] = field(default_factory=set[str])
    struck: set[str] = field(default_factory=set[str])

    def add(self, outcome: "Outcome") -> None:
        """One more."""
        self.seeds += 1
        self.counts += outcome.counts
        self.met |= outcome.met
        self.struck |= outcome.struck
        if outcome.breaches:
            self.failed.append(outcome.seed)

    def verdict(self, seconds: float) -> str:
        """The last line."""
        state = f"{len(self.failed)} FAILED: {self.failed}" if self.failed else "all hold"
        rate = 60 * self.seeds / seconds
        return (
            f"{self.seeds} seeds, {state}; {_listed(self.counts)}, "
            f"struck at {len(self.struck)} of {len(self.met)} kinds of calls;"
            f" {rate:.0f} seeds a minute"
        )


def main() -> int:
    """Play, and return 1 if any seed broke a promise."""
    asked = _asked()
    if os.environ.get("PYTHONHASHSEED") != "0":  # or sets of text would be in another order
        os.execve(sys.executable, [*_PROGRAM, *sys.argv[1:]], os.environ | {"PYTHONHASHSEED": "0"})
    if asked.jobs > 1:
        return _several(asked)
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with _guard_off(asked.without):
        seeds = range(asked.first, asked.first + asked.seeds, asked.step)
        return _play(seeds, asked.trace, until_red=asked.until_red)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    _ = parser.add_argument("--seeds", type=int, default=20, help="how many")
    _ = parser.add_argument("--first", type=int, default=1)
    _ = parser.add_argument("--step", type=int, default=1, help="play each n-th of them")
    _ = parser.add_argument("--jobs", type=int, default=1, help="so many at once")
    _ = parser.add_argument("--until-red", action="store_true", help="end with the first to fail")
    _ = parser.add_argument("--without", help="with a guard of `tests.guards` switched off")
    _ = parser.add_argument("--trace", type=Path, help="a folder to write whole traces to")
    return parser.parse_args()


def _guard_off(name: str | None) -> AbstractContextManager[None]:
    if name is None:
        return nullcontext()
    from tests.guards.switches import GUARDS

    return GUARDS[name].off()


def _several(asked: argparse.Namespace) -> int:
    """Each job plays its share on a server of its own."""
    jobs = [
        subprocess.Popen(
            [
                *(*_PROGRAM, *sys.argv[1:], "--jobs=1", f"--step={asked.jobs}"),
                *(f"--first={asked.first + number}", f"--seeds={asked.seeds - number}"),
            ]
        )
        for number in range(asked.jobs)
    ]
    return max([job.wait() for job in jobs])


def _play(seeds: range, traces: Path | None, *, until_red: bool) -> int:
    from tests.simulation.run import run_seed, stage

    total, began = Sum(), time.perf_counter()
    with stage() as on:
        for seed in seeds:
            start = time.perf_counter()
            outcome = run_seed(seed, on)
            total.add(outcome)
            _tell(outcome, time.perf_counter() - start)
            if traces is not None:
                traces.mkdir(parents=True, exist_ok=True)
                _ = (traces / f"{seed}.txt").write_text("\n".join(outcome.trace))
            if total.failed and until_red:
                break
    _say(total.verdict(time.perf_counter() - began))
    return 1 if total.failed else 0


def _tell(outcome: "Outcome", seconds: float) -> None:
    state = "FAILED" if outcome.breaches else "holds"
    _say(
        f"seed {outcome.seed:5} {state} {outcome.digest} {len(outcome.trace):6} calls,"
        f" {outcome.seconds:4.0f} virtual s in {seconds:4.1f} s: {_listed(outcome.counts)};"
        f" visits: {_listed(outcome.visits)}"
    )
    if outcome.breaches:
        _say(*(f"  {line}" for line in outcome.trace[-_TAIL:]))
        _say(*(f"  BROKEN {breach}" for breach in outcome.breaches))
        _say(f"  again: python -m tests.simulation --first {outcome.seed} --seeds 1")


def _say(*lines: str) -> None:
    _ = sys.stdout.write("".join(f"{line}\n" for line in lines))
    _ = sys.stdout.flush()


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in sorted(counts.items())) or "nothing"


if __name__ == "__main__":
    sys.exit(main())
