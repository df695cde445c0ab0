"""Folders that the server's account can reach, servers that are gone afterwards, and psql."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

import pytest

from wareflow_postgres.binaries import find_bin_dir
from wareflow_postgres.server import PostgresServer
from wareflow_postgres.testing import memory_folder


@pytest.fixture
def folder() -> Generator[Path]:
    """A folder for data, where another user may pass: pytest's own is closed to all but root."""
    made = Path(tempfile.mkdtemp(prefix="wareflow-postgres-tests-", dir=memory_folder()))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def start(folder: Path) -> Generator[Callable[..., PostgresServer]]:
    """`PostgresServer.start` without waiting for the disk; what it started is ended at the end."""
    started: list[PostgresServer] = []

    def remembered(*args: Path, **options: int) -> PostgresServer:
        server = partial(PostgresServer.start, fsync=False)(*args, **options)
        started.append(server)
        return server

    yield remembered
    for server in started:
        server.kill()


@pytest.fixture
def ask() -> Callable[[PostgresServer, str], str]:
    """The answer to SQL, by psql over the server's url."""

    def answer(server: PostgresServer, sql: str) -> str:
        done = subprocess.run(
            [find_bin_dir() / "psql", server.url(), "-XAtc", sql],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    return answer
