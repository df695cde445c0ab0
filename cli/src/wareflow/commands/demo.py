"""`wareflow demo`: a throw-away shop, shoppers, and every promise checked."""

import subprocess
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from wareflow.commands.serve import filled
from wareflow.commands.simulate import simulated
from wareflow.commands.verify import verified
from wareflow.embedded import Options, embedded
from wareflow.house import open_house
from wareflow.kafka import local_kafka
from wareflow.processes import processes
from wareflow.progress import OUT
from wareflow.shoppers import Crowd
from wareflow_kit.garbage import collect_seldom
from wareflow_kit.logs import configure_logs

# Short deadlines: whoever walks away from the payment is given up within seconds, not half an hour.
_HURRIED: dict[str, dict[str, Any]] = {
    "orders": {"reserve_within": "PT60S", "pay_within": "PT10S"},
}


def demo(
    orders: Annotated[int, typer.Option(min=1, help="How many orders to place")] = 1000,
    broker: Annotated[str, typer.Option(help="postgres, or kafka")] = "postgres",
    many: Annotated[
        bool, typer.Option("--processes", help="Each service as processes of its own")
    ] = False,
    seed: Annotated[int, typer.Option(help="The same seed makes the same shoppers")] = 1,
    shoppers: Annotated[int, typer.Option(min=1, max=200, help="How many at once")] = 16,
) -> None:
    """Start a shop in a throw-away folder, let shoppers buy, and check every promise; exits 1 on
    a breach."""
    configure_logs(level="warning")
    crowd = Crowd(orders=orders, rate=None, seed=seed, at_once=shoppers)
    with tempfile.TemporaryDirectory(prefix="wareflow-demo-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # as root, the database server is another user
        try:
            holds = uvloop.run(_demo(Path(folder), broker, crowd, many=many))
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            OUT.print(f"{type(error).__name__}: {error}", style="red", markup=False)
            raise typer.Exit(1) from None
    if not holds:
        raise typer.Exit(1)


async def _demo(folder: Path, broker: str, crowd: Crowd, *, many: bool) -> bool:
    died: list[str] = []

    def fatal(part: str, error: BaseException) -> None:
        died.append(f"{part}: {error!r}")

    began = time.monotonic()
    async with local_kafka(folder / "kafka", wanted=broker == "kafka", say=_say) as bootstrap:
        options = Options(
            data=folder, port=0, kafka_bootstrap=bootstrap, overrides=_HURRIED, fsync=True
        )
        shop = processes(options, say=_say) if many else embedded(options, say=_say, on_fatal=fatal)
        async with shop as running:
            OUT.print(f"up after {time.monotonic() - began:.1f} s: {running.url}")
            _ = await filled(running)
            collect_seldom()
            tally = await simulated(running, crowd)
            async with open_house(running) as house:
                holds = await verified(house, wait=120)
    for line in died:
        OUT.print(f"died: {line}", style="red", markup=False)
    return holds and not died and not tally.troubles


def _say(line: str) -> None:
    OUT.print(line, style="dim", markup=False)
