"""What a server on a folder promises."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from wareflow_postgres import cluster, server
from wareflow_postgres.account import account_for
from wareflow_postgres.binaries import find_bin_dir
from wareflow_postgres.budget import MAX_CONNECTIONS
from wareflow_postgres.cluster import Cluster, FolderInUse, NotADataFolder
from wareflow_postgres.databases import create_database
from wareflow_postgres.initdb import STAGE
from wareflow_postgres.launch import PortTaken, StartFailed, free_port
from wareflow_postgres.server import PostgresServer

Start = Callable[..., PostgresServer]
Ask = Callable[[PostgresServer, str], str]


def test_a_new_folder_becomes_a_server_with_our_settings(
    folder: Path, start: Start, ask: Ask
) -> None:
    made = start(folder / "not" / "yet" / "there")
    assert ask(made, "SELECT 'Zürich' < 'Zz', upper('ü'), current_setting('TimeZone')") == "f|Ü|UTC"
    assert ask(made, "SHOW max_connections") == str(MAX_CONNECTIONS)
    assert ask(made, "SHOW listen_addresses") == "127.0.0.1"
    assert (folder / "not" / "yet" / "there").stat().st_mode & 0o777 == 0o700


def test_data_survives_a_restart(folder: Path, start: Start, ask: Ask) -> None:
    first = start(folder / "data")
    _ = ask(first, "CREATE TABLE kept AS SELECT 42 AS answer")
    first.stop()
    assert not first.running
    assert not first.socket_dir.exists()
    assert ask(start(folder / "data"), "SELECT answer FROM kept") == "42"


def test_what_was_committed_survives_a_killed_server(folder: Path, start: Start, ask: Ask) -> None:
    first = start(folder / "data")
    _ = ask(first, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(first.pid, signal.SIGKILL)
    second = start(folder / "data")
    assert not first.running
    assert ask(second, "SELECT answer FROM kept") == "42"
    assert "automatic recovery in progress" in (folder / "data" / "server.log").read_text()


def test_a_crashed_server_is_revived_where_it_was(folder: Path, start: Start, ask: Ask) -> None:
    made = start(folder / "data")
    _ = ask(made, "CREATE TABLE kept (); INSERT INTO kept DEFAULT VALUES")
    url, socket, first = made.url(), made.socket_url(), made.pid
    os.kill(first, signal.SIGKILL)  # its socket stays behind
    made.revive()
    assert (made.url(), made.socket_url(), made.pid == first) == (url, socket, False)
    assert ask(made, "SELECT count(*) FROM kept") == "1"
    assert made.socket_dir.exists()
    made.stop()
    assert not made.socket_dir.exists()
    assert not cluster.is_held(folder / "data")


def test_two_folders_have_two_servers(folder: Path, start: Start, ask: Ask) -> None:
    one, other = start(folder / "one"), start(folder / "other")
    _ = ask(one, "CREATE TABLE here ()")
    assert one.port != other.port
    assert ask(other, "SELECT to_regclass('here') IS NULL") == "t"


def test_a_second_owner_of_a_folder_hears_who_has_it(
    folder: Path, start: Start, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "OWNER_IS_GOING", 0.2)
    first = start(folder / "data")
    with pytest.raises(FolderInUse, match=rf"process {first.pid}, port {first.port}\): stop it"):
        _ = start(folder / "data")
    assert ask(first, "SELECT 1") == "1"


def test_a_process_id_that_somebody_else_has_now_is_no_server(folder: Path, start: Start) -> None:
    start(folder / "data").stop()
    stale = [str(os.getpid()), str(folder / "data"), "0", "5432", "", "127.0.0.1", "", "ready"]
    _ = (folder / "data" / "postmaster.pid").write_text("\n".join(stale))
    assert start(folder / "data").running


def test_a_folder_of_something_else_is_left_alone(folder: Path, start: Start) -> None:
    (folder / "data").mkdir()
    _ = (folder / "data" / "thesis.txt").write_text("precious")
    with pytest.raises(NotADataFolder, match="not empty"):
        _ = start(folder / "data")
    assert (folder / "data" / "thesis.txt").read_text() == "precious"


def test_an_initialisation_that_was_killed_is_done_again(
    folder: Path, start: Start, ask: Ask
) -> None:
    (folder / "data" / STAGE / "data" / "base").mkdir(parents=True)
    _ = (folder / "data" / "pg_hba.conf").write_text("half moved")
    assert ask(start(folder / "data"), "SELECT 1") == "1"
    assert not (folder / "data" / STAGE).exists()


def test_an_initialisation_whose_owner_is_gone_is_awaited(
    folder: Path, start: Start, ask: Ask
) -> None:
    made = Cluster(folder / "data", account_for(folder / "data"))
    made.make_folder()
    lock = made.lock(1)
    with subprocess.Popen(
        ["/bin/sh", "-c", "echo; read _"],
        stdin=subprocess.PIPE,
        pass_fds=[lock],
        stdout=subprocess.PIPE,
    ) as initdb:
        os.close(lock)
        with pytest.raises(FolderInUse):
            _ = start(folder / "data", limit=0.2)
        assert initdb.stdin is not None
        initdb.stdin.close()
        assert ask(start(folder / "data"), "SELECT 1") == "1"


def test_a_taken_port_is_refused_when_it_was_asked_for(folder: Path, start: Start) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(PortTaken, match="Address already in use"),
    ):
        _ = start(folder / "data", port=taken.getsockname()[1])
    assert start(folder / "data").running


def test_a_free_port_that_was_lost_in_a_race_is_replaced(
    folder: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        lost = taken.getsockname()[1]
        offers = iter([lost, lost, free_port()])
        monkeypatch.setattr(server, "free_port", lambda: next(offers))
        assert start(folder / "data").port != lost


def test_over_tcp_nobody_enters_without_the_password(folder: Path, start: Start, ask: Ask) -> None:
    made = start(folder / "data")
    assert ask(made, "SELECT current_user") == "wareflow"
    assert (folder / "data" / "wareflow.password").stat().st_mode & 0o777 == 0o600
    assert (
        ask(
            made,
            "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules"
            " WHERE type = 'host'",
        )
        == "scram-sha-256"
    )


def test_a_server_that_never_answers_is_reported_and_ended(folder: Path) -> None:
    programs = folder / "bin"
    programs.mkdir()
    _ = (programs / "postgres").write_text("#!/bin/sh\necho redo in progress >&2\nexec sleep 60\n")
    (programs / "postgres").chmod(0o755)
    (folder / "data").mkdir()
    PostgresServer.start(folder / "data", fsync=False).stop()
    heard: list[str] = []
    with pytest.raises(StartFailed, match=r"no answer for 2 s: redo in progress"):
        _ = PostgresServer.start(
            folder / "data", bin_dir=programs, limit=1.5, progress=heard.append
        )
    assert heard == ["PostgreSQL is starting, 1 s: redo in progress"]
    assert not cluster.is_held(folder / "data")


async def test_a_database_is_made_once(folder: Path, start: Start) -> None:
    made = start(folder / "data")
    url = await made.aensure_database('odd "name"')
    assert url == await made.aensure_database('odd "name"')
    assert not await create_database(url, 'odd "name"')


async def test_the_url_serves_sqlalchemy_as_well(folder: Path, start: Start) -> None:
    url = await start(folder / "data").aensure_database("orders")
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT current_database()")) == "orders"
        assert await create_database(engine.url.render_as_string(hide_password=False), "crm")
    await engine.dispose()


async def test_the_socket_serves_asyncpg_sqlalchemy_and_psql(folder: Path, start: Start) -> None:
    made = start(folder / "data")
    url = made.socket_url('odd "name"')
    assert await create_database(made.socket_url(), 'odd "name"')
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.connect() as connection:
        who = await connection.execute(text("SELECT inet_server_addr(), current_database()"))
        assert tuple(who.one()) == (None, 'odd "name"')
    await engine.dispose()
    psql = [find_bin_dir() / "psql", url, "-XAtc", "SELECT inet_server_addr() IS NULL"]
    done = await asyncio.to_thread(subprocess.run, psql, capture_output=True, text=True)
    assert done.stdout == "t\n"
