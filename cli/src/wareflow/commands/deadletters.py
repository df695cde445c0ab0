"""`wareflow deadletters`: what could not be applied, and trying it again."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from wareflow import state
from wareflow.house import SERVICES, House, groups_of, open_house
from wareflow.progress import OUT
from wareflow_events import deadletter
from wareflow_events.rebuild import redrive

app = typer.Typer(no_args_is_help=True, help="Events that were kept because they cannot be applied")
Data = Annotated[Path, typer.Option(help="The shop's data folder")]
Group = Annotated[str | None, typer.Option(help="Only this consumer group")]


@app.command("list")
def list_letters(data: Data = state.DEFAULT_DATA, group: Group = None) -> None:
    """Show dead letters with their error, oldest first."""
    asyncio.run(_list(data, group))


@app.command("redrive")
def redrive_letters(data: Data = state.DEFAULT_DATA, group: Group = None) -> None:
    """Apply dead letters again, in order; exits 1 when one fails."""
    if not asyncio.run(_redrive(data, group)):
        raise typer.Exit(1)


async def _list(data: Path, group: str | None) -> None:
    table = Table("id", "consumer", "type", "place", "died", "tries", "error")
    async with open_house(state.read(data)) as house:
        for service in SERVICES:
            async with house.engines[service].connect() as connection:
                for letter in await deadletter.letters(connection, consumer=group, limit=1000):
                    place = letter.stored.place
                    table.add_row(
                        str(letter.id),
                        letter.consumer,
                        letter.type or "?",
                        f"{place.topic}/{place.partition}@{letter.stored.offset}",
                        letter.died_at.isoformat(timespec="seconds"),
                        str(letter.attempts),
                        letter.error,
                    )
    OUT.print(table if table.row_count else "no dead letters")


async def _redrive(data: Path, group: str | None) -> bool:
    async with open_house(state.read(data)) as house:
        results = [await _redrive_service(house, service, group) for service in SERVICES]
    applied, failed = sum(r[0] for r in results), sum(r[1] for r in results)
    OUT.print(f"{applied} applied, {failed} failed again")
    return failed == 0


async def _redrive_service(house: House, service: str, group: str | None) -> tuple[int, int]:
    applied = failed = 0
    transactions = house.transactions(service)
    async for one in redrive(transactions, groups_of(service), consumer=group):
        if one.error is None:
            applied += 1
        else:
            failed += 1
            OUT.print(f"{one.letter.consumer} {one.letter.event_id}: {one.error}")
    return applied, failed
