"""`wareflow rebuild`: derive tables again from the log."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from wareflow import state
from wareflow.house import House, open_house
from wareflow.progress import OUT, bar
from wareflow_events.handlers import ConsumerGroup
from wareflow_events.rebuild import rebuild as reset


def rebuild(
    group: Annotated[
        str | None, typer.Argument(help="A consumer group; all derived ones if left out")
    ] = None,
    data: Annotated[Path, typer.Option(help="The shop's data folder")] = state.DEFAULT_DATA,
) -> None:
    """Empty derived tables and replay the log into them; waits until they are level again."""
    asyncio.run(_rebuild(data, group))


async def _rebuild(data: Path, name: str | None) -> None:
    async with open_house(state.read(data)) as house:
        derived = {g.name: (service, g) for service, g in house.groups() if g.derived}
        if name is not None and name not in derived:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(sorted(derived))}")
        chosen = [derived[name]] if name else list(derived.values())
        for service, group in chosen:
            await reset(house.transactions(service), group, house.broker)
        with bar() as progress:
            _ = await asyncio.gather(*(_follow(house, s, g, progress) for s, g in chosen))
    OUT.print("level again")


async def _follow(house: House, service: str, group: ConsumerGroup, progress: Progress) -> None:
    ends = await house.broker.ends(group.topics)
    total = sum(ends.values())
    task = progress.add_task(group.name, total=total, note="")
    while left := await house.behind(service, group, ends=ends):
        progress.update(task, completed=total - left)
        await asyncio.sleep(0.2)
    progress.update(task, completed=total)
