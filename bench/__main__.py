"""`python -m bench [measure ...] [--long] [--rounds 3]`: measure, and write down what was found."""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import uvloop

from bench import machine, report, rows
from bench.measures import (
    backlog,
    collect,
    events,
    flash,
    footprint,
    growth,
    latency,
    listing,
    orders,
    product,
    profile,
    search,
)
from bench.rows import Result, Row, Stamp
from bench.sizes import LONG, SHORT, TINY, Sizes
from bench.stage import Stage
from wareflow_events.clock import utc_now

_MEASURES = {
    measure.NAME: measure
    for measure in (
        *(product, listing, search, orders, flash, backlog),
        *(events, latency, collect, footprint, growth, profile),
    )
}
_HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the measures that are named, or all; rows of the others stay as they are."""
    chosen = _parser().parse_args(arguments)
    unknown = set(chosen.measures) - set(_MEASURES)
    if unknown:
        sys.exit(f"no such measure: {', '.join(sorted(unknown))}; there are {', '.join(_MEASURES)}")
    sizes = LONG if chosen.long else TINY if chosen.tiny else SHORT
    if chosen.rounds:
        sizes = replace(sizes, reads=replace(sizes.reads, rounds=chosen.rounds))
    if chosen.tiny and chosen.into == _HERE:
        sys.exit("--tiny only shows that it works: say --into where its figures should go")
    machine.take_the_loading_core()
    names = [name for name in _MEASURES if name in (chosen.measures or _MEASURES)]
    with tempfile.TemporaryDirectory(prefix="wareflow-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o711)  # as root the database server is another user
        uvloop.run(_run(names, sizes, folder, chosen.into))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    _ = parser.add_argument("measures", nargs="*", help=", ".join(_MEASURES))
    _ = parser.add_argument("--long", action="store_true", help="an hour instead of minutes")
    _ = parser.add_argument("--tiny", action="store_true", help="only to see that it works")
    _ = parser.add_argument("--rounds", type=int, help="of which the median counts")
    _ = parser.add_argument("--into", type=Path, default=_HERE, help="the folder of the results")
    return parser


async def _run(names: Sequence[str], sizes: Sizes, folder: Path, into: Path) -> None:
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {line}", flush=True)

    stamp = Stamp(
        commit=machine.commit(),
        date=utc_now().strftime("%Y-%m-%d %H:%M UTC"),
        machine=machine.description(),
        sizes=sizes.name,
    )
    async with Stage(sizes, folder, say) as stage:
        for name in names:
            _keep(into, await _MEASURES[name].measure(stage), stamp)
            await stage.quiet()
    say(f"written: {into / 'RESULTS.md'}")


def _keep(into: Path, found: Sequence[Row], stamp: Stamp) -> None:
    """Written after each measure, so that what was measured stays if a later one fails."""
    new = [Result.of(row, stamp) for row in found]
    for row in new:
        print(f"          {report.line(row)}", flush=True)
    into.mkdir(parents=True, exist_ok=True)
    path = into / "results.json"
    results = rows.merged(rows.read(path), new, list(_MEASURES))
    rows.write(path, results)
    titles = {name: measure.TITLE for name, measure in _MEASURES.items()}
    _ = (into / "RESULTS.md").write_text(report.page(results, titles))


if __name__ == "__main__":
    main()
