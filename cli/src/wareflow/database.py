"""The PostgreSQL server of a local shop: its own, kept alive, or one that runs already."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from wareflow.house import SERVICES
from wareflow.state import database_name
from wareflow_events.faults import backoff, sleep
from wareflow_kit.database import migrate
from wareflow_kit.supervisor import Supervisor
from wareflow_kit.urls import dsn
from wareflow_postgres.databases import create_database
from wareflow_postgres.server import PostgresServer

log = structlog.get_logger(__name__)
_LOOK_EVERY = 0.2
"""Seconds between looks whether the server's process lives."""


@asynccontextmanager
async def postgres(
    data: Path, *, fsync: bool, say: Callable[[str], None]
) -> AsyncGenerator[PostgresServer]:
    """The server of a data folder; if it crashes it is started again where it was."""
    server = await asyncio.to_thread(
        PostgresServer.start, data / "postgres", fsync=fsync, progress=say
    )
    supervisor = Supervisor()
    supervisor.start("postgres", lambda stop: keep(server, stop))
    try:
        yield server
    finally:
        await supervisor.drain(180.0)  # a start that recovers from a crash is not cut off
        await asyncio.to_thread(server.stop)


async def keep(server: PostgresServer, stop: asyncio.Event) -> None:
    """Start the server again whenever its process has ended, until `stop`."""
    failures = 0
    while not await sleep(stop, _LOOK_EVERY):
        if server.running:
            continue
        log.error("postgres ended", port=server.port)
        try:
            await asyncio.to_thread(server.revive)
        except (OSError, RuntimeError) as error:  # its last backends may hold the folder still
            failures += 1
            log.warning("postgres does not start", error=str(error), failures=failures)
            _ = await sleep(stop, backoff(failures, first=0.2, most=10.0))
        else:
            failures = 0


async def prepare(url: str, broker: str) -> None:
    """Make the databases on the server and bring their tables up to date."""

    async def one(name: str) -> None:
        package = "wareflow_sandbox" if name == "sandbox" else name
        await migrate(package, dsn(url, database=database_name(name)))

    _ = await asyncio.gather(*(one(name) for name in (*SERVICES, "sandbox")))
    if broker == "postgres":
        _ = await create_database(url, database_name("log"))
