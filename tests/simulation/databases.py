"""The server of the simulation, and its databases: made once, copied afresh for every run."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.engine import make_url
from tests.simulation.monitor import Monitor

from wareflow.database import prepare
from wareflow.house import SERVICES
from wareflow.state import database_name
from wareflow_postgres.testing import test_server

PARTS = (*SERVICES, "sandbox")
_SETTINGS = {
    "autovacuum": "off",  # it would come when it likes
    "synchronous_commit": "off",
    "deadlock_timeout": "1ms",  # only blocked calls wait for it
    "max_parallel_workers_per_gather": "0",
}


@dataclass(frozen=True)
class Databases:
    """A running server."""

    url: str
    monitor: Monitor

    def keep(self, stage: str) -> None:
        """Keep what the databases hold now, under a name."""
        for name in map(database_name, PARTS):
            self._copy(name, f"{name}_{stage}")

    def reset(self, stage: str) -> None:
        """Go back to what was kept."""
        for name in map(database_name, PARTS):
            self._copy(f"{name}_{stage}", name)

    def _copy(self, source: str, target: str) -> None:
        self.monitor.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
        self.monitor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')


@contextmanager
def databases() -> Generator[Databases]:
    """A server with every service's tables, gone afterwards."""
    with test_server() as server:
        monitor = Monitor(server.url())
        try:
            _configure(monitor, make_url(server.url()).password or "")
            asyncio.run(prepare(server.url(), "simulated"))
            made = Databases(server.url(), monitor)
            made.keep("empty")
            yield made
        finally:
            monitor.close()


def _configure(monitor: Monitor, password: str) -> None:
    for name, value in _SETTINGS.items():
        monitor.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    monitor.execute("SELECT pg_reload_conf()")
    # Every crash is followed by dozens of connections, whose passwords are slow on purpose.
    monitor.execute("SET scram_iterations = 1")
    monitor.execute(f"ALTER ROLE CURRENT_USER PASSWORD '{password}'")
