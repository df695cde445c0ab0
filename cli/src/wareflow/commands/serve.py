"""`wareflow serve`: the shop, in one process or in many."""

import subprocess
import time
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import httpx
import typer
import uvloop

from wareflow import state
from wareflow.embedded import Options, embedded
from wareflow.house import open_house
from wareflow.importing import import_file
from wareflow.kafka import local_kafka
from wareflow.processes import processes
from wareflow.progress import OUT
from wareflow.settling import settle
from wareflow.state import Running
from wareflow_kit.garbage import collect_seldom
from wareflow_kit.logs import configure_logs
from wareflow_kit.serving import stop_on_signals

_HEARD_WITHIN = 60.0
"""Seconds that the other services are given to hear of the sample catalogue."""


def serve(
    data: Annotated[Path, typer.Option(help="Everything the shop stores")] = state.DEFAULT_DATA,
    port: Annotated[int, typer.Option(help="The one port; 0 takes a free one")] = 8000,
    broker: Annotated[str, typer.Option(help="postgres, or kafka")] = "postgres",
    many: Annotated[
        bool, typer.Option("--processes", help="Each service as processes of its own")
    ] = False,
    sample: Annotated[bool, typer.Option(help="Fill an empty catalogue")] = True,
    log_level: Annotated[str, typer.Option(help="debug, info, warning, error")] = "warning",
) -> None:
    """Start the shop and keep it up until Ctrl-C; what it stored is there at the next start."""
    configure_logs(level=log_level)
    try:
        uvloop.run(_serve(data.absolute(), port, broker, log_level, many=many, sample=sample))
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        OUT.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None


async def _serve(
    data: Path, port: int, broker: str, log_level: str, *, many: bool, sample: bool
) -> None:
    began = time.monotonic()
    stop = stop_on_signals()
    async with local_kafka(data / "kafka", wanted=broker == "kafka", say=_say) as bootstrap:
        options = Options(data=data, port=port, kafka_bootstrap=bootstrap, log_level=log_level)
        shop = processes(options, say=_say) if many else embedded(options, say=_say)
        async with shop as running:
            _greet(running, time.monotonic() - began)
            if sample:
                _ = await filled(running)
            collect_seldom()
            _ = await stop.wait()
            OUT.print("\nstopping: what is in work is finished first")


def _say(line: str) -> None:
    OUT.print(f"[dim]{line}[/dim]")


async def filled(running: Running) -> bool:
    """Import the sample catalogue if there are no products yet; whether it was.

    Comes back when every service has heard of it, so that a cart can be opened at once.
    """
    async with httpx.AsyncClient(base_url=running.url, timeout=30) as client:
        listed = await client.get("/catalog/v1/products", params={"limit": 1})
        if listed.json().get("items"):
            return False
    with as_file(files("catalog") / "sample" / "products.csv") as path:
        result = await import_file(running, path)
    async with open_house(running) as house:
        left = await settle(house, timeout=_HEARD_WITHIN, progress=lambda _: None)
    OUT.print(f"imported the sample catalogue: {result.summary()}", style="dim")
    if left.total:
        OUT.print(f"[yellow]not every service has heard of it yet:[/yellow] {left}")
    return True


def _greet(running: Running, seconds: float) -> None:
    OUT.print(f"[bold green]Wareflow is up[/bold green] after {seconds:.1f} s: {running.url}")
    OUT.print(f"  all endpoints   {running.url}/docs")
    OUT.print(f"  products        {running.url}/catalog/v1/products")
    OUT.print(f"  metrics         {running.url}/metrics")
    OUT.print('  as staff        curl -H "Authorization: Bearer $STAFF" ... with')
    if OUT.is_terminal:
        OUT.print(f"STAFF={running.staff_token}", soft_wrap=True, style="dim")
    else:  # it may do everything: it does not belong into whatever keeps this output
        OUT.print("STAFF=<staff_token of running.json in the data folder>")
    OUT.print("Ctrl-C stops it; what it stored stays.")
