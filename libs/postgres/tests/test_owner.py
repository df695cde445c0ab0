"""The server ends with its owner, and with nothing else."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from wareflow_postgres.account import ROOT, Account, account_for
from wareflow_postgres.cluster import is_held
from wareflow_postgres.server import PostgresServer

Start = Callable[..., PostgresServer]
Ask = Callable[[PostgresServer, str], str]

# Starts a server in a thread that ends, then answers each line with what it knows of it.
OWNER = """
import signal, sys, threading
from pathlib import Path
from wareflow_postgres.cluster import is_held
from wareflow_postgres.server import PostgresServer

servers = []
folder = Path(sys.argv[1])
thread = threading.Thread(
    target=lambda: servers.append(PostgresServer.start(folder, fsync=False))
)
thread.start()
thread.join()
interrupts = []
signal.signal(signal.SIGINT, lambda *_: interrupts.append(1))
print(servers[0].pid, servers[0].port, servers[0].socket_dir, flush=True)
for line in sys.stdin:
    print(servers[0].running, len(interrupts), flush=True)
"""


def until(probe: Callable[[], bool], limit: float = 30) -> None:
    """Return as soon as `probe` is true."""
    deadline = time.monotonic() + limit
    while not probe():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def an_owner(
    folder: Path, account: Account | None = None
) -> Generator[tuple[subprocess.Popen[str], IO[str], IO[str]]]:
    """A process that owns a server on `folder`, with its standard input and output."""
    with subprocess.Popen[str](
        [sys.executable, "-c", OWNER, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        start_new_session=True,
        user=account and account.uid,
        group=account and account.gid,
        extra_groups=account and [],
    ) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        try:
            yield owner, owner.stdin, owner.stdout
        finally:
            owner.kill()
            until(lambda: not is_held(folder))


def test_a_killed_owner_takes_its_server_along(folder: Path, start: Start) -> None:
    with an_owner(folder / "data") as (owner, _, output):
        _, _, socket_dir = output.readline().split()
        owner.kill()
    assert start(folder / "data").running
    log = (folder / "data" / "server.log").read_text()
    assert log.count("received fast shutdown request") == 1
    assert "not properly shut down" not in log
    until(lambda: not Path(socket_dir).exists())


def test_the_interrupt_of_a_terminal_is_for_the_owner_alone(folder: Path) -> None:
    with an_owner(folder / "data") as (owner, questions, output):
        _ = output.readline()
        os.killpg(owner.pid, signal.SIGINT)
        print("well?", file=questions, flush=True)
        assert output.readline() == "True 1\n"
        assert "fast shutdown" not in (folder / "data" / "server.log").read_text()


@pytest.mark.skipif(os.geteuid() != ROOT, reason="only root can become another user")
def test_a_normal_user_runs_the_server_as_themselves(folder: Path) -> None:
    account = account_for(folder / "none yet")
    assert account is not None
    if not account.reaches(Path(sys.executable).resolve()):
        pytest.skip(
            f"user id {account.uid} may not enter the folder of {Path(sys.executable).resolve()}"
        )
    (folder / "data").mkdir()
    os.chown(folder / "data", account.uid, account.gid)
    with an_owner(folder / "data", account) as (owner, _, output):
        pid = int(output.readline().split()[0])
        assert Path(f"/proc/{owner.pid}").stat().st_uid == account.uid
        assert Path(f"/proc/{pid}").stat().st_uid == account.uid


def test_an_owner_that_forgets_to_stop_leaves_nothing_behind(folder: Path, start: Start) -> None:
    with an_owner(folder / "data") as (owner, questions, output):
        _ = output.readline()
        questions.close()
        assert owner.wait() == 0
    assert start(folder / "data").running


def test_a_stopped_server_is_not_signalled_again(folder: Path, start: Start) -> None:
    server = start(folder / "data")
    server.stop()
    server.stop()
    server.kill()
    assert (folder / "data" / "server.log").read_text().count("shutdown request") == 1
    assert not list(Path(tempfile.gettempdir()).glob(f"{server.socket_dir.name}*"))
