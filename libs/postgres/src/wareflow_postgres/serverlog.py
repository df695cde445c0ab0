"""The server's log: a file with a bound, kept by whoever started the server."""

import shutil
import threading
from io import FileIO
from pathlib import Path

from wareflow_postgres.account import Account, hand_over

BOUND = 8 * 1024 * 1024  # bytes; one older file of about that size is kept beside it
LOOK_EVERY = 10.0  # seconds
TAIL = 2000  # bytes of the log that an error message quotes


class ServerLog:
    """`server.log`, and `server.log.1` with what was in it before it reached the bound.

    PostgreSQL's own collector rotates by size but never deletes. The server appends, so its file
    can be emptied under its hands.
    """

    def __init__(self, path: Path, account: Account | None) -> None:
        self.path: Path = path
        self._account: Account | None = account
        self._closed: threading.Event = threading.Event()
        self._began: int = 0

    def open(self) -> FileIO:
        """The file for the server's standard error, from where this start's words begin."""
        file = FileIO(self.path, "ab")
        hand_over(self.path, self._account)
        self.path.chmod(0o600)
        self.bound()
        self._began = self.path.stat().st_size
        return file

    def watch(self) -> None:
        """Keep the file below its bound, until `close`."""
        threading.Thread(target=self._watch, name="wareflow-postgres-log", daemon=True).start()

    def close(self) -> None:
        """No longer watch the size."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_EVERY):
            self.bound()

    def bound(self) -> None:
        """Move the contents to `server.log.1` when they have reached the bound."""
        if self.path.exists() and self.path.stat().st_size >= BOUND:
            older = self.path.with_name(f"{self.path.name}.1")
            _ = shutil.copy(self.path, older)
            hand_over(older, self._account)
            with self.path.open("r+b") as file:
                _ = file.truncate(0)

    def since_start(self) -> str:
        """The server's last words since this start."""
        with self.path.open("rb") as file:
            end = file.seek(0, 2)
            _ = file.seek(max(min(self._began, end), end - TAIL))
            return file.read().decode(errors="replace").strip()

    def last_line(self) -> str:
        """The last line of this start, or nothing."""
        return self.since_start().rpartition("\n")[2]
