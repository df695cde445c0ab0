"""`wareflow verify`: does every promise hold?"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from wareflow import state
from wareflow.house import House, open_house
from wareflow.progress import OUT, bar
from wareflow.settling import Unsettled, settle
from wareflow.verifying import verdicts

_SHOWN = 5


def verify(
    data: Annotated[Path, typer.Option(help="The shop's data folder")] = state.DEFAULT_DATA,
    wait: Annotated[float, typer.Option(help="Seconds to wait until nothing is on its way")] = 60,
) -> None:
    """Wait until the shop has settled, then check every promise; exits 1 on a breach."""

    async def check() -> bool:
        async with open_house(state.read(data)) as house:
            return await verified(house, wait=wait)

    if not asyncio.run(check()):
        raise typer.Exit(1)


async def verified(house: House, *, wait: float) -> bool:
    """Settle and check, a line per promise; whether all hold."""
    left = await _settled(house, wait)
    broken = 0
    if left.total:
        broken += 1
        OUT.print(f"[red]✗[/red] the shop settles: after {wait:.0f} s there are {left}")
    count = 0
    async for verdict in verdicts(house):
        count += 1
        mark = "[green]✓[/green]" if verdict.holds else "[red]✗[/red]"
        OUT.print(f"{mark} [dim]{verdict.owner}:[/dim] {verdict.promise}")
        for breach in verdict.breaches[:_SHOWN]:
            OUT.print(f"    {breach}", style="red", markup=False)
        if len(verdict.breaches) > _SHOWN:
            OUT.print(f"    and {len(verdict.breaches) - _SHOWN} more", style="red")
        broken += not verdict.holds
    colour = "red" if broken else "green"
    OUT.print(f"[{colour}]{count} promises, {broken} broken[/{colour}]")
    return broken == 0


async def _settled(house: House, wait: float) -> Unsettled:
    with bar() as progress:
        task = progress.add_task("settling", total=None, note="")
        return await settle(
            house,
            timeout=wait,
            progress=lambda now: progress.update(task, note=str(now) if now.total else ""),
        )
