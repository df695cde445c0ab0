"""Root lends the server another account, and opens nothing for it."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from wareflow_postgres import binaries
from wareflow_postgres.account import ROOT, Account, account_for
from wareflow_postgres.binaries import NoBinaries, find_bin_dir, major_version
from wareflow_postgres.cluster import Cluster, NotADataFolder
from wareflow_postgres.server import PostgresServer

Start = Callable[..., PostgresServer]
Ask = Callable[[PostgresServer, str], str]

as_root = pytest.mark.skipif(os.geteuid() != ROOT, reason="only root lends accounts")
not_as_root = pytest.mark.skipif(os.geteuid() == ROOT, reason="only for a normal user")


@as_root
def test_roots_server_runs_as_another_user_that_owns_the_folder(folder: Path, start: Start) -> None:
    server = start(folder / "data")
    owner = (folder / "data").stat().st_uid
    assert owner != ROOT
    assert Path(f"/proc/{server.pid}").stat().st_uid == owner
    assert {path.stat().st_uid for path in (folder / "data").rglob("*")} == {owner}


@as_root
def test_a_folder_of_a_normal_user_stays_theirs(folder: Path, start: Start) -> None:
    (folder / "data").mkdir()
    os.chown(folder / "data", 65534, 65534)
    server = start(folder / "data")
    assert Path(f"/proc/{server.pid}").stat().st_uid == 65534


@as_root
def test_a_folder_below_roots_home_works_and_stays_closed(
    folder: Path, start: Start, ask: Ask
) -> None:
    if major_version(find_bin_dir()) < 16:
        pytest.skip("older servers look for themselves by changing the working directory")
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    server = start(closed / "project" / "data")
    assert ask(server, "SELECT 1") == "1"
    assert closed.stat().st_mode & 0o777 == 0o700
    server.stop()
    assert ask(start(closed / "project" / "data"), "SELECT 1") == "1"


@as_root
def test_programs_below_roots_home_are_copied_once(
    folder: Path, start: Start, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(binaries.BIN_VARIABLE, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    wheel = find_bin_dir().parent.parent
    _ = shutil.copytree(find_bin_dir().parent, closed / wheel.name / "pginstall18")
    _ = shutil.copytree(f"{wheel}.libs", closed / f"{wheel.name}.libs")
    monkeypatch.setattr(binaries, "_wheel_folder", lambda: closed / wheel.name)
    assert ask(start(folder / "data"), "SELECT 1") == "1"
    (copied,) = folder.glob("wareflow-postgres-*")
    assert ask(start(folder / "more"), "SELECT 1") == "1"
    copied.chmod(0o777)
    with pytest.raises(NoBinaries, match="others may write there"):
        _ = start(folder / "data")


@as_root
def test_a_server_that_is_not_ours_to_copy_must_be_within_reach(folder: Path) -> None:
    (folder / "closed" / "bin").mkdir(parents=True)
    closed = folder / "closed"
    closed.chmod(0o700)
    with pytest.raises(NoBinaries, match="may not enter"):
        _ = PostgresServer.start(folder / "data", bin_dir=closed / "bin")


@as_root
def test_data_that_was_copied_by_root_is_refused(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    _ = (data / "PG_VERSION").write_text("18")
    with pytest.raises(NotADataFolder, match="belongs to user id 0"):
        Cluster(data, account_for(data)).make_folder()


@not_as_root
def test_a_normal_user_lends_nothing(folder: Path) -> None:
    assert account_for(folder) is None


@not_as_root
def test_a_folder_of_another_user_is_refused() -> None:
    with pytest.raises(NotADataFolder, match="belongs to user id 0"):
        Cluster(Path("/usr"), None).make_folder()


@pytest.mark.parametrize(
    ("mode", "stranger", "fellow", "owner"),
    [(0o700, False, False, True), (0o710, False, True, True), (0o701, True, False, True)],
)
def test_a_folder_is_reached_by_those_whom_its_mode_lets_through(
    folder: Path, mode: int, *, stranger: bool, fellow: bool, owner: bool
) -> None:
    gate = folder / "gate"
    gate.mkdir()
    gate.chmod(mode)
    status = gate.stat()
    inside = gate / "data"
    assert Account(status.st_uid + 1, status.st_gid + 1).reaches(inside) is stranger
    assert Account(status.st_uid + 1, status.st_gid).reaches(inside) is fellow
    assert Account(status.st_uid, status.st_gid + 1).reaches(inside) is owner
