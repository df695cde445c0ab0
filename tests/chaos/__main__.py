"""`python -m tests.chaos --seconds 600 --seed 1 [--embedded]`: break a shop, ask its promises."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from tests.chaos.run import Plan, Watch, run
from tests.chaos.schedule import Strike
from tests.chaos.stages import Stage, many_processes, one_process
from tests.chaos.verdict import Found
from tools.kafka.local_kafka import LocalKafka

from wareflow.shoppers import Tally
from wareflow_kit.logs import configure_logs

OUT = Console(highlight=False)


def main() -> int:
    """Run, print the verdict as the last line; 1 on a breach."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    _ = parser.add_argument("--seconds", type=float, default=600)
    _ = parser.add_argument("--seed", type=int, default=1)
    _ = parser.add_argument("--rate", type=float, default=5, help="visits a second")
    _ = parser.add_argument("--embedded", action="store_true", help="one process, `postgres` log")
    _ = parser.add_argument("--keep", action="store_true", help="keep data and logs in any case")
    chosen = parser.parse_args()
    plan = Plan(chosen.seconds, chosen.seed, chosen.rate)
    configure_logs(level="error", form="json")
    data = Path(tempfile.mkdtemp(prefix="wareflow-chaos-"))
    data.chmod(0o711)  # as root, the database server is another user
    OUT.print(f"seed {plan.seed}, {plan.seconds:.0f} s, data in {data}")
    found = asyncio.run(_run(data, plan, embedded=chosen.embedded))
    for breach in found.breaches:
        OUT.print(breach, style="red", markup=False)
    if found.holds and not chosen.keep:
        shutil.rmtree(data, ignore_errors=True)
    else:
        OUT.print(f"data and logs are kept in {data}", markup=False)
    OUT.print(f"seed {plan.seed}: {found}", markup=False, soft_wrap=True)
    return 0 if found.holds else 1


async def _run(data: Path, plan: Plan, *, embedded: bool) -> Found:
    async with _stage(data, embedded=embedded) as stage:
        with _display() as progress:
            return await run(stage, plan, _watch(progress, plan))


@asynccontextmanager
async def _stage(data: Path, *, embedded: bool) -> AsyncGenerator[Stage]:
    if embedded:
        async with one_process(data) as stage:
            yield stage
        return
    kafka = await asyncio.to_thread(LocalKafka(data / "kafka").start)
    try:
        async with many_processes(data, kafka) as stage:
            yield stage
    finally:
        await asyncio.to_thread(kafka.stop)


def _display() -> Progress:
    columns = (TimeElapsedColumn(), BarColumn(), TextColumn("{task.description}", markup=False))
    return Progress(*columns, console=OUT)


def _watch(progress: Progress, plan: Plan) -> Watch:
    task = progress.add_task("shoppers come", total=plan.seconds)
    counts = {"placed": 0, "confirmed": 0}

    def strikes(strike: Strike) -> None:
        said = f"{strike.at:6.1f} s  {strike.fault}: {strike.victim}"
        progress.print(f"{said} for {strike.lasts:.1f} s" if strike.lasts else said)
        progress.update(task, completed=strike.at)

    def shoppers(tally: Tally) -> None:
        counts.update({name: tally.counts[name] for name in counts})
        said = ", ".join(f"{number} {name}" for name, number in counts.items())
        progress.update(task, description=said)

    return Watch(strikes, shoppers, lambda phase: progress.update(task, description=phase))


if __name__ == "__main__":
    sys.exit(main())
