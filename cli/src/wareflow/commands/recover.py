"""`wareflow recover`: bring a service's restored database level with what it told since."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from wareflow import state
from wareflow.house import House, groups_of, open_house, recovery_of
from wareflow.progress import OUT
from wareflow_events.recovering import TakenBack, Unrecovered, missing
from wareflow_events.recovering import recover as take_back


def recover(
    service: Annotated[str, typer.Argument(help="The service whose database was restored")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what there is to take back")
    ] = False,
    data: Annotated[Path, typer.Option(help="The shop's data folder")] = state.DEFAULT_DATA,
) -> None:
    """Take back from the log what a restored database has lost; the service must be stopped."""
    try:
        asyncio.run(_recover(data, service, dry_run=dry_run))
    except Unrecovered as error:
        OUT.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None


async def _recover(data: Path, service: str, *, dry_run: bool) -> None:
    async with open_house(state.read(data)) as house:
        if service not in house.engines or service == "sandbox":
            raise typer.BadParameter(f"{service!r} is not a service")
        verb = "to take back" if dry_run else "taken back"
        OUT.print(await _table(taken_back(house, service, dry_run=dry_run), verb))
    OUT.print("What no event carries stays as it was when the copy was taken:")
    for line in recovery_of(service).lost:
        OUT.print(f"  - {line}", markup=False)
    if not dry_run:
        OUT.print(f"{service} may be started. What others told it since, it hears then by itself.")


def taken_back(house: House, service: str, *, dry_run: bool = False) -> AsyncIterator[TakenBack]:
    """What comes back, topic by topic; with `dry_run` what there is to come back."""
    transactions, recovery = house.transactions(service), recovery_of(service)
    if dry_run:
        return missing(transactions, recovery, house.broker)
    return take_back(transactions, recovery, groups_of(service), house.broker)


async def _table(found: AsyncIterator[TakenBack], verb: str) -> Table:
    table = Table("topic", f"events {verb}", "keys")
    async for one in found:
        table.add_row(one.topic, f"{one.events:,}", f"{one.keys:,}")
    return table
