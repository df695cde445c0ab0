"""`python -m tests.hostile.fuzz_events --events 1000 --seed 1`: how it goes, and a verdict."""

import argparse
import asyncio
import logging
import sys
import time

import structlog
import uvloop
from tests.hostile.event_fuzz import Verdict, fuzz

_EVERY = 15.0


def main() -> int:
    """Fuzz; 1 when a record was lost, ended otherwise than it must, or something was blocked."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz_events")
    _ = parser.add_argument("--events", type=int, default=10_000)
    _ = parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    # Thousands of dead letters are what this is about; each as a line would hide the rest.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    _say(f"seed {asked.seed}: {asked.events:,} events")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        verdict = runner.run(_fuzz(asked.events, asked.seed))
    for reason, number in verdict.fates.reasons.most_common():
        _say(f"{number:>7,} {reason}, such as {verdict.fates.examples[reason][:200]!r}")
    for name, rows in verdict.told.items():
        _say(f"{rows:>7,} rows contradict, as they were told to: {name}")
    _say(verdict.line())
    return 0 if verdict.holds else 1


async def _fuzz(events: int, seed: int) -> Verdict:
    said, wrong = time.monotonic(), 0

    def say(verdict: Verdict) -> None:
        nonlocal said, wrong
        for one in verdict.fates.wrong[wrong : wrong + 20]:
            _say(f"WRONG: {one}")
        wrong = len(verdict.fates.wrong)
        if time.monotonic() - said > _EVERY:
            said = time.monotonic()
            _say(verdict.line())

    return await fuzz(events=events, seed=seed, progress=say)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  it is what this is run for


if __name__ == "__main__":
    sys.exit(main())
