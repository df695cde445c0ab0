"""The programs, the log and the test server."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wareflow_postgres import serverlog, testing
from wareflow_postgres.binaries import BIN_VARIABLE, NoBinaries, find_bin_dir, major_version
from wareflow_postgres.cluster import is_held
from wareflow_postgres.launch import free_port
from wareflow_postgres.server import PostgresServer
from wareflow_postgres.serverlog import ServerLog


def test_the_newest_server_of_the_wheel_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BIN_VARIABLE, raising=False)
    assert major_version(find_bin_dir()) == 18


def test_the_environment_names_another_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(BIN_VARIABLE, str(tmp_path))
    with pytest.raises(NoBinaries, match=f"postgres does not exist .{BIN_VARIABLE}"):
        _ = find_bin_dir()
    for program in ("postgres", "initdb"):
        (tmp_path / program).touch()
    assert find_bin_dir() == tmp_path


def test_the_log_is_bounded_while_it_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(serverlog, "BOUND", 100)
    monkeypatch.setattr(serverlog, "LOOK_EVERY", 0.01)
    log = ServerLog(tmp_path / "server.log", None)
    with log.open() as file:
        log.watch()
        _ = file.write(b"first\n" * 20)
        deadline = time.monotonic() + 10
        while log.path.stat().st_size and time.monotonic() < deadline:
            time.sleep(0.01)
        _ = file.write(b"second\n")
    log.close()
    assert log.path.read_text() == "second\n"
    assert (tmp_path / "server.log.1").read_text() == "first\n" * 20


def test_a_log_quotes_what_this_start_has_said(tmp_path: Path) -> None:
    log = ServerLog(tmp_path / "server.log", None)
    _ = log.path.write_text("an older start\n")
    with log.open() as file:
        assert log.last_line() == ""
        _ = file.write(b"one\ntwo\n")
    assert log.since_start() == "one\ntwo"
    assert log.last_line() == "two"


def test_a_test_server_leaves_nothing_and_sweeps_what_killed_ones_left(
    folder: Path, start: Callable[[Path], PostgresServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "MEMORY", folder)
    monkeypatch.setattr(testing, "ENOUGH", 0)
    left, young, held = (folder / f"{testing.PREFIX}{name}" for name in ("left", "young", "held"))
    for each in (left, young, held):
        (each / "data").mkdir(parents=True)
    _ = start(held / "data")
    for each in (left, held):
        os.utime(each, (0, 0))
    with testing.test_server() as server:
        assert server.data_dir.parent.parent == folder
        assert is_held(server.data_dir)
    assert sorted(folder.iterdir()) == sorted([held, young])


def test_a_free_port_is_none_that_an_outgoing_connection_may_take() -> None:
    span = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if not span.exists():
        pytest.skip("Linux says which ports it gives to outgoing connections; this is another")
    first, _ = map(int, span.read_text().split())
    if first < 32_768:
        pytest.skip(f"here they are given from {first} on")
    assert all(free_port() < first for _ in range(50))
