"""A process on a leash: it ends with its owner, however the owner ends."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import Any

# Both run as the server's account. The shell that will become the server first starts a guard of
# no parent, with standard input from a pipe whose other end only the owner holds (here it comes as
# standard output; standard input is the locked folder, which the server keeps).
BECOME = """
( ( exec /bin/sh -c "$1" wareflow-guard $$ "$2" <&1 1>&2 ) & )
shift 2
exec "$@" 1>&2
"""

# A line says that the server was stopped; the end of the pipe, that the owner is gone, however it
# went. Then the guard stops the server (fast shutdown) and removes the folder of its socket. Unlike
# PR_SET_PDEATHSIG this does not hang on the thread that started the server, and macOS has it too.
GUARD = """
read -r _ && exit
kill -INT "$1"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    rmdir "$2" 2>/dev/null && exit
    sleep 0.5
done
"""


class LeashedProcess:
    """A server process, and the pipe that holds it and the folder of its socket to the owner."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        socket_dir: Path,
        lock: int,
        log: FileIO,
        options: Mapping[str, Any],
    ) -> None:
        """Start `command`, which keeps the descriptor `lock` and writes to `log`.

        An owner who stops it removes `socket_dir`; the guard does when the owner is gone.
        """
        end, self._leash = os.pipe()
        try:
            self._process: subprocess.Popen[bytes] = subprocess.Popen[bytes](
                ["/bin/sh", "-c", BECOME, "sh", GUARD, str(socket_dir), *command],
                stdin=lock,
                stdout=end,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the owner, who stops the server when done
                **options,
            )
        except BaseException:
            self._let_go()
            raise
        finally:
            os.close(end)

    @property
    def pid(self) -> int:
        """The id of the process: the shell became the server."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process.poll() is None

    def end(self, sign: signal.Signals, *, limit: float) -> None:
        """Send `sign` and wait; after `limit` seconds kill. Ending twice is allowed."""
        if self._leash < 0:
            return
        self._process.send_signal(sign)
        try:
            _ = self._process.wait(limit)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _ = self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            _ = os.write(self._leash, b"stopped\n")
        self._let_go()

    def _let_go(self) -> None:
        os.close(self._leash)
        self._leash = -1
