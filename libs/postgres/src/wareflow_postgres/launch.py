"""One attempt to start PostgreSQL on a folder, until it answers or says why not."""

import contextlib
import random
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wareflow_postgres.account import hand_over
from wareflow_postgres.binaries import public_temp_dir
from wareflow_postgres.cluster import Cluster
from wareflow_postgres.leash import LeashedProcess
from wareflow_postgres.serverlog import ServerLog
from wareflow_postgres.settings import Settings

HOST = "127.0.0.1"

Progress = Callable[[str], None]


class StartFailed(RuntimeError):
    """PostgreSQL did not start."""


class PortTaken(StartFailed):
    """Somebody else listens on the port."""


@dataclass(frozen=True)
class Launched:
    """A server that answers."""

    process: LeashedProcess
    log: ServerLog
    port: int


@dataclass(frozen=True)
class Launch:
    """What is the same for every port that is tried."""

    cluster: Cluster
    programs: Path
    socket_dir: Path
    lock: int
    settings: Settings
    limit: float
    progress: Progress | None

    def on(self, port: int) -> Launched:
        """Start the server there; PortTaken or StartFailed with its own words if it ends."""
        log = ServerLog(self.cluster.path / "server.log", self.cluster.account)
        launched = Launched(self._process(port, log), log, port)
        try:
            self._await_answer(launched)
        except BaseException:
            launched.process.end(signal.SIGQUIT, limit=10)
            raise
        log.watch()
        return launched

    def _process(self, port: int, log: ServerLog) -> LeashedProcess:
        listen = {
            "listen_addresses": HOST,
            "port": port,
            "unix_socket_directories": self.socket_dir,
        }
        options = [f"--{name}={value}" for name, value in {**self.settings, **listen}.items()]
        with log.open() as stderr:
            return LeashedProcess(
                [str(self.programs / "postgres"), "-D", self.cluster.argument, *options],
                socket_dir=self.socket_dir,
                lock=self.lock,
                log=stderr,
                options=self.cluster.process_options,
            )

    def _await_answer(self, launched: Launched) -> None:
        started = told = time.monotonic()
        while not self.cluster.is_ready(launched.process.pid):
            now = time.monotonic()
            if not launched.process.running:
                words = launched.log.since_start()
                raise (PortTaken if "Address already in use" in words else StartFailed)(words)
            if now - started > self.limit:
                words = launched.log.since_start()
                raise StartFailed(f"PostgreSQL gave no answer for {self.limit:.0f} s: {words}")
            if self.progress is not None and now - told >= 1:
                told = now
                last = launched.log.last_line()
                self.progress(f"PostgreSQL is starting, {now - started:.0f} s: {last}")
            time.sleep(0.02)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment.

    It lies below those that outgoing connections are given (Linux: from 32768 on, others higher),
    so that after a crash it is still there to be listened on again.
    """
    while True:
        port = random.randrange(10_240, 32_768)  # noqa: S311  no secret
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind((HOST, port))
            return port


def make_socket_dir(cluster: Cluster) -> Path:
    """A private folder with a short path: a socket's may have 107 bytes only (103 on macOS)."""
    parent = public_temp_dir(cluster.account)
    folder = Path(tempfile.mkdtemp(prefix="wareflow-pg-", dir=parent))
    hand_over(folder, cluster.account)
    return folder
