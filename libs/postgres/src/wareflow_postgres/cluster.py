"""A data folder: whose it is, who holds it now, and what its server says of itself."""

import fcntl
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wareflow_postgres.account import Account, hand_over

ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
WORKING_DIRECTORY = Path("/proc/self/cwd")
SUPERUSER = "wareflow"
PASSWORD = "wareflow.password"  # noqa: S105 - the name of a file
OWNER_IS_GOING = 3.0  # seconds: a killed owner's server is just being told to stop


class FolderInUse(RuntimeError):
    """Another PostgreSQL server runs on this folder."""


class NotADataFolder(RuntimeError):
    """The folder holds something else, or is out of the server's reach."""


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL data folder, and the account that its server runs as (None: ourselves)."""

    path: Path
    account: Account | None

    def make_folder(self) -> None:
        """Make the folder if there is none yet, private to the server's account."""
        self.path.mkdir(parents=True, exist_ok=True)
        owner = self.path.stat().st_uid
        if owner == (os.geteuid() if self.account is None else self.account.uid):
            self.path.chmod(0o700)
            return
        if owner != os.geteuid() or self.initialised:
            raise NotADataFolder(f"{self.path} belongs to user id {owner}: its server cannot be us")
        hand_over(self.path, self.account)
        self.path.chmod(0o700)

    @property
    def initialised(self) -> bool:
        """Whether initdb has done its work here."""
        return (self.path / "PG_VERSION").exists()

    @property
    def argument(self) -> str:
        """What the programs are told as their folder, started with it as working directory.

        Below a folder that the server's account may not enter (root's home), only the working
        directory that root gave it leads there, and Linux has a name for that.
        """
        if self.account is None or self.account.reaches(self.path):
            return str(self.path)
        if not WORKING_DIRECTORY.exists():
            raise NotADataFolder(
                f"the server runs as user id {self.account.uid}, who may not enter every folder "
                f"above {self.path}: take another folder"
            )
        return str(WORKING_DIRECTORY)

    @property
    def process_options(self) -> dict[str, Any]:
        """How `subprocess` starts a program of this folder: where, as whom, with what."""
        options: dict[str, Any] = {"cwd": self.path, "env": ENVIRONMENT}
        if self.account is not None:
            options |= {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return options

    @property
    def password(self) -> str | None:
        """The superuser's password over TCP; None when the folder was made without one."""
        file = self.path / PASSWORD
        return file.read_text().strip() if file.exists() else None

    def lock(self, limit: float) -> int:
        """A descriptor of the folder with the only lock on it; the server inherits and keeps it.

        The kernel takes the lock back when the server and its last backend are gone, however they
        ended. So a free lock proves that a left-over postmaster.pid is stale, also in another
        container or after a restart of the machine, where process ids mean something else.
        Waits for a server that is stopping, or an initdb, up to `limit` seconds, and raises
        FolderInUse.
        """
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        started = time.monotonic()
        while not _locked(descriptor):
            patience = OWNER_IS_GOING if self._state == "ready" else limit
            if time.monotonic() - started > patience:
                os.close(descriptor)
                raise FolderInUse(
                    f"another PostgreSQL server runs on {self.path}{self._who}: "
                    "stop it, or take another folder"
                )
            time.sleep(0.05)
        return descriptor

    def forget_the_dead(self) -> None:
        """Remove a stale postmaster.pid; only under the lock."""
        (self.path / "postmaster.pid").unlink(missing_ok=True)

    def is_ready(self, pid: int) -> bool:
        """Whether the server with that process id accepts connections."""
        return self._state == "ready" and self._pid_file[:1] == [str(pid)]

    @property
    def _pid_file(self) -> list[str]:
        """What postmaster.pid says: process id, folder, start, port, ..., as 8th line the state."""
        try:
            return (self.path / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    @property
    def _state(self) -> str:
        lines = self._pid_file
        return lines[7].strip() if len(lines) > 7 else ""

    @property
    def _who(self) -> str:
        lines = self._pid_file
        return f" (process {lines[0]}, port {lines[3]})" if len(lines) > 3 else ""


def is_held(path: Path) -> bool:
    """Whether a server runs on the folder, if there is one."""
    if not path.is_dir():
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
