"""`wareflow database`: a service's database on its own, backed up and restored."""

import asyncio
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

import asyncpg
import typer
import uvloop

from wareflow import state
from wareflow.configuration import Plan
from wareflow.database import postgres
from wareflow.house import SERVICES
from wareflow.kafka import local_kafka
from wareflow.progress import OUT
from wareflow.state import Running, database_name
from wareflow_kit.serving import stop_on_signals
from wareflow_postgres.binaries import find_bin_dir

app = typer.Typer(no_args_is_help=True, help="Databases: alone, backed up, restored")
Data = Annotated[Path, typer.Option(help="The shop's data folder")]
Service = Annotated[str, typer.Argument(help=", ".join(SERVICES))]


class InUse(RuntimeError):
    """Somebody is connected to the database."""


@app.command()
def up(
    data: Data = state.DEFAULT_DATA,
    broker: Annotated[str, typer.Option(help="postgres, or kafka")] = "postgres",
) -> None:
    """Start what stores, and no service, until Ctrl-C; the other commands find it."""
    uvloop.run(_up(data.absolute(), broker))


async def _up(data: Path, broker: str) -> None:
    def say(line: str) -> None:
        OUT.print(f"[dim]{line}[/dim]")

    stop = stop_on_signals()
    async with (
        local_kafka(data / "kafka", wanted=broker == "kafka", say=say) as bootstrap,
        postgres(data, fsync=True, say=say) as server,
    ):
        state.write(data, stored(data, server.socket_url(), bootstrap))
        OUT.print(f"The databases of {data} are up, and no service. Ctrl-C stops them.")
        try:
            _ = await stop.wait()
        finally:
            state.remove(data)


def stored(data: Path, address: str, bootstrap: str | None) -> Running:
    """A shop of which only the databases and the log run."""
    kind = "kafka" if bootstrap else "postgres"
    nowhere: dict[str, str] = dict.fromkeys((*SERVICES, "sandbox"), "")
    return Plan(data, address, kind, bootstrap, services=nowhere, front="").running()


@app.command()
def backup(
    service: Service,
    file: Annotated[Path, typer.Argument(help="Where to put the copy")],
    data: Data = state.DEFAULT_DATA,
) -> None:
    """Copy a service's database into a file (pg_dump), also while the service runs."""
    dump(state.read(data), service, file)
    OUT.print(f"{service} is in {file}")


@app.command()
def restore(
    service: Service,
    file: Annotated[Path, typer.Argument(help="A copy that `backup` made")],
    data: Data = state.DEFAULT_DATA,
) -> None:
    """Put a copy in the place of a service's database, which is kept beside it; nobody may be
    connected to it."""
    try:
        aside = put_back(state.read(data), service, file)
    except InUse as error:
        OUT.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None
    OUT.print(f"{service} is as it was in {file}; what was there is kept as {aside}")
    OUT.print(f"Next: wareflow recover {service}")


def dump(running: Running, service: str, file: Path) -> None:
    """Copy a service's database into a file."""
    name = database_name(service)
    _run("pg_dump", running, name, "--format=custom", f"--file={file}")


def put_back(running: Running, service: str, file: Path) -> str:
    """Make a service's database what it was in a file; under which name the present one is kept.

    `InUse` when somebody is connected to it. Blocks, and cannot be called in an event loop.
    """
    name = database_name(service)
    aside = asyncio.run(_put_aside(running, name))
    _run("pg_restore", running, name, "--exit-on-error", str(file))
    return aside


async def _put_aside(running: Running, name: str) -> str:
    aside = f"{name}_{datetime.now(UTC):%Y%m%d%H%M%S}"
    connection = await asyncpg.connect(running.postgres)
    try:
        _ = await connection.execute(f'ALTER DATABASE "{name}" RENAME TO "{aside}"')
        _ = await connection.execute(f'CREATE DATABASE "{name}"')
    except asyncpg.ObjectInUseError:
        raise InUse(f"somebody is connected to {name}: stop the shop first") from None
    finally:
        await connection.close()
    return aside


def _run(program: str, running: Running, database: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs; the password goes by its environment, not its arguments."""
    address = urlsplit(running.database(database))
    who, _, where = address.netloc.rpartition("@")
    without = address._replace(netloc=f"{who.partition(':')[0]}@{where}")
    secret = {"PGPASSWORD": unquote(address.password)} if address.password else {}
    _ = subprocess.run(  # noqa: S603  our own program, and no shell
        [find_bin_dir() / program, f"--dbname={without.geturl()}", *arguments],
        env={**os.environ, **secret},
        check=True,
    )
