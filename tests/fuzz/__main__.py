"""`python -m tests.fuzz --examples 100 --seed 1`: every service of a running shop, fuzzed."""

import argparse
import random
import tempfile
import time
from pathlib import Path

import uvloop
from tests.fuzz.run import Fuzzed, briefing, fuzz
from tests.hostile.world import running_world

from wareflow.house import SERVICES
from wareflow.progress import OUT
from wareflow_kit.logs import configure_logs

_PHASES = "examples,coverage,fuzzing,stateful"


def main() -> int:
    """Exits 1 when anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="per operation and phase")
    parser.add_argument("--seed", type=int, default=random.randrange(1, 2**31))
    parser.add_argument("services", nargs="*", default=[*SERVICES])
    told = parser.parse_args()
    configure_logs(level="warning", form="json")
    OUT.print(f"seed {told.seed}, {told.examples} examples")
    began = time.monotonic()
    found = uvloop.run(_all(told))
    for one in found:
        OUT.print(one.line(), markup=False, soft_wrap=True)
    took = time.monotonic() - began
    requests = sum(one.requests for one in found)
    failed = [one.service for one in found if not one.passed]
    verdict = f"{', '.join(failed)}: FAILED" if failed else "every service holds"
    OUT.print(
        f"seed {told.seed}: {verdict}: {requests:,} requests in {took:,.0f} s,"
        f" {requests / took:.0f} a second",
        markup=False,
        soft_wrap=True,
    )
    return 1 if failed else 0


async def _all(told: argparse.Namespace) -> list[Fuzzed]:
    found: list[Fuzzed] = []
    with tempfile.TemporaryDirectory(prefix="wareflow-fuzz-shop-") as folder:
        Path(folder).chmod(0o711)
        async with running_world(Path(folder) / "shop") as world:
            brief = await briefing(world)  # before anything is done to what it names
            for service in told.services:
                one = await fuzz(
                    world,
                    service,
                    brief,
                    examples=told.examples,
                    seed=told.seed,
                    phases=_PHASES,
                    show=True,
                )
                OUT.print(one.line(), markup=False, soft_wrap=True)
                found.append(one)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
