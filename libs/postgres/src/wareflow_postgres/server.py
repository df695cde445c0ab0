"""An embedded PostgreSQL server: started, stopped, and never outliving its owner."""

import contextlib
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

from wareflow_postgres.account import account_for
from wareflow_postgres.binaries import find_bin_dir, within_reach
from wareflow_postgres.budget import MAX_CONNECTIONS
from wareflow_postgres.cluster import SUPERUSER, Cluster
from wareflow_postgres.databases import create_database
from wareflow_postgres.initdb import initialise
from wareflow_postgres.launch import (
    HOST,
    Launch,
    Launched,
    PortTaken,
    Progress,
    free_port,
    make_socket_dir,
)
from wareflow_postgres.settings import settings

START_LIMIT = 120.0  # seconds: after a crash up to max_wal_size (1 GB) is replayed
STOP_LIMIT = 60.0
PORT_TRIES = 5  # between finding a free port and listening on it somebody may be faster


class PostgresServer:
    """A running server on a data folder; as a context manager it stops at the end."""

    def __init__(self, launch: Launch, launched: Launched) -> None:
        self.data_dir: Path = launch.cluster.path
        self.port: int = launched.port
        self.socket_dir: Path = launch.socket_dir
        """The folder of its Unix socket, private to the server's account and its owner."""
        self._password: str | None = launch.cluster.password
        self._launch: Launch = launch
        self._launched: Launched = launched

    @classmethod
    def start(
        cls,
        data_dir: Path,
        *,
        port: int | None = None,
        max_connections: int = MAX_CONNECTIONS,
        fsync: bool = True,
        bin_dir: Path | None = None,
        limit: float = START_LIMIT,
        progress: Progress | None = None,
    ) -> Self:
        """Start a server on `data_dir`, which is made if it is missing; returns when it answers.

        `port` None takes a free one. `limit` (seconds) leaves time to recover from a crash, and
        `progress` hears a line about once a second while that lasts. `fsync` False is for tests.
        For root the server runs as another user. Blocks: from async code call it in a thread.
        Raises FolderInUse, NotADataFolder, NoBinaries, NoAccount, InitFailed, StartFailed.
        """
        cluster = Cluster(data_dir.absolute(), account_for(data_dir))
        cluster.make_folder()
        programs = within_reach(bin_dir or find_bin_dir(), cluster.account)
        lock = cluster.lock(limit)
        try:
            if not cluster.initialised:
                initialise(cluster, programs, lock=lock, sync=fsync)
            cluster.forget_the_dead()
            chosen = settings(max_connections=max_connections, fsync=fsync)
            socket_dir = make_socket_dir(cluster)
            launch = Launch(cluster, programs, socket_dir, lock, chosen, limit, progress)
            try:
                return cls(launch, launch.on(port) if port else _on_a_free_port(launch))
            except BaseException:
                shutil.rmtree(socket_dir, ignore_errors=True)
                raise
        finally:
            os.close(lock)

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        return self._launched.process.pid

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        return self._launched.process.running

    def url(self, database: str = "postgres") -> str:
        """`postgresql://user:password@127.0.0.1:port/database`, for asyncpg and psql; a secret.

        SQLAlchemy wants its driver named in it: `postgresql+asyncpg://`.
        """
        password = "" if self._password is None else f":{quote(self._password, safe='')}"
        return f"postgresql://{SUPERUSER}{password}@{HOST}:{self.port}/{quote(database, safe='')}"

    def socket_url(self, database: str = "postgres") -> str:
        """`postgresql://user@/database?host=socket_dir&port=port`, for the owner's account.

        No secret, and a statement's way there and back is a quarter shorter than by TCP.
        """
        where = urlencode({"host": self.socket_dir, "port": self.port})
        return f"postgresql://{SUPERUSER}@/{quote(database, safe='')}?{where}"

    async def aensure_database(self, name: str) -> str:
        """Make the database if it is missing; its url."""
        _ = await create_database(self.url(), name)
        return self.url(name)

    def stop(self, *, limit: float = STOP_LIMIT) -> None:
        """Fast shutdown: sessions end, data is written down; after `limit` seconds it is killed."""
        self._end(signal.SIGINT, limit=limit)
        shutil.rmtree(self.socket_dir, ignore_errors=True)

    def kill(self) -> None:
        """Immediate shutdown, like a crash: the next start recovers."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.socket_dir, ignore_errors=True)

    def revive(self) -> None:
        """Start it again where it was, same port and socket, after its process has ended.

        It recovers what was committed. Blocks, and raises what `start` raises: then it may be
        tried again.
        """
        self._end(signal.SIGQUIT)
        cluster = self._launch.cluster
        lock = cluster.lock(self._launch.limit)
        try:
            cluster.forget_the_dead()
            self._launched = replace(self._launch, lock=lock).on(self.port)
        finally:
            os.close(lock)

    def _end(self, sign: signal.Signals, *, limit: float = 10) -> None:
        self._launched.process.end(sign, limit=limit)
        self._launched.log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()


def _on_a_free_port(launch: Launch) -> Launched:
    for _ in range(PORT_TRIES - 1):
        with contextlib.suppress(PortTaken):
            return launch.on(free_port())
    return launch.on(free_port())
