"""Migrations make the schema, once, whoever starts first; drift from the models is noticed."""

import asyncio
import os
import shutil
import sys
import threading
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from shop.model import Base
from sqlalchemy import CheckConstraint, Column, Index, Integer, MetaData, Table, text

from wareflow_kit import migrating
from wareflow_kit.database import NAMING, metadata, migrate, schema_drift
from wareflow_kit.migrating import NoMigrations, migrations_folder
from wareflow_kit.revisions import main, write_revision
from wareflow_kit.testing import shared_server
from wareflow_postgres.server import PostgresServer


async def test_the_schema_is_the_sum_of_its_migrations(database_url: str) -> None:
    assert await schema_drift("shop", database_url, Base.metadata) == []


async def test_a_missing_database_is_made(postgres: PostgresServer) -> None:
    url = postgres.url(f"fresh_{uuid4().hex[:8]}")
    await migrate("shop", url)
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == "0001"
    await connection.close()


async def test_starters_that_race_all_succeed(postgres: PostgresServer) -> None:
    url = postgres.url(f"raced_{uuid4().hex[:8]}")
    _ = await asyncio.gather(*(migrate("shop", url) for _ in range(4)))
    assert await schema_drift("shop", url, Base.metadata) == []


async def test_processes_that_race_all_succeed(postgres: PostgresServer) -> None:
    url = postgres.url(f"raced_{uuid4().hex[:8]}")
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent),
        "WAREFLOW_DATABASE_URL": url,
        "WAREFLOW_LOG_URL": postgres.url("wareflow_log"),
    }
    starters = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "shop", "migrate", env=environment
        )
        for _ in range(2)
    ]
    assert [await starter.wait() for starter in starters] == [0, 0]
    assert await schema_drift("shop", url, Base.metadata) == []


async def test_a_second_start_does_not_wait_for_locks(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    async with connection.transaction():
        _ = await connection.execute("LOCK TABLE item IN ACCESS EXCLUSIVE MODE")
        await asyncio.wait_for(migrate("shop", database_url), timeout=5)
    await connection.close()


async def test_a_package_without_migrations_is_refused() -> None:
    with pytest.raises(NoMigrations):
        _ = migrations_folder("wareflow_events")
    with pytest.raises(NoMigrations):
        _ = migrations_folder("no_such_package")


def a_package(home: Path, monkeypatch: pytest.MonkeyPatch, *, columns: str) -> str:
    """A checkout of a service with `src/` and one model, importable."""
    name = f"pkg_{uuid4().hex[:8]}"
    source = home / "src" / name
    source.mkdir(parents=True)
    _ = (source / "__init__.py").write_text("")
    _ = (source / "model.py").write_text(
        "from sqlalchemy import Column, Integer, Table, Text, text\n"
        "from wareflow_kit.database import metadata\n"
        "class Base:\n"
        "    metadata = metadata()\n"
        f"Table('thing', Base.metadata, Column('id', Integer, primary_key=True){columns})\n"
    )
    monkeypatch.setattr(sys, "path", [str(home / "src"), *sys.path])
    return name


async def test_a_first_revision_makes_the_folder_in_a_checkout(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = a_package(tmp_path, monkeypatch, columns="")
    made = await write_revision(
        package, "the very first", url=postgres.url(f"revision_{uuid4().hex[:8]}")
    )
    assert made == tmp_path / "migrations/versions/0001_the_very_first.py"
    assert migrations_folder(package) == tmp_path / "migrations"
    url = postgres.url(f"revised_{uuid4().hex[:8]}")
    await migrate(package, url)
    connection = await asyncpg.connect(url)
    assert await connection.fetch("SELECT id FROM thing") == []
    await connection.close()


async def test_a_revision_is_written_by_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = a_package(tmp_path, monkeypatch, columns="")
    await asyncio.to_thread(main, ["revision", package, "-m", "Things, at last"])
    (made,) = (tmp_path / "migrations/versions").glob("*.py")
    assert made.name == "0001_things_at_last.py"


async def test_a_next_revision_says_only_what_changed(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = a_package(tmp_path / "one", monkeypatch, columns="")
    _ = await write_revision(first, "initial", url=postgres.url(f"revision_{uuid4().hex[:8]}"))
    second = a_package(tmp_path / "two", monkeypatch, columns=", Column('name', Text)")
    migrations = tmp_path / "two/migrations"
    _ = shutil.copytree(tmp_path / "one/migrations", migrations)
    env = migrations / "env.py"
    _ = env.write_text(env.read_text().replace(first, second))
    made = await write_revision(second, "name", url=postgres.url(f"revision_{uuid4().hex[:8]}"))
    assert made.name == "0002_name.py"
    assert "add_column" in made.read_text()
    assert "create_table" not in made.read_text()


async def test_a_migration_that_cannot_get_its_lock_is_tried_again(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(migrations_folder("shop"), tmp_path / "migrations"))
    _ = (folder / "versions/0002_note.py").write_text(
        "from alembic import op\n"
        "revision, down_revision = '0002', '0001'\n"
        "def upgrade(): op.execute('ALTER TABLE item ADD COLUMN note text')\n"
    )
    refused = threading.Event()

    def soon(_attempt: int, **_limits: float) -> float:
        refused.set()
        return 0.01

    monkeypatch.setattr(migrating, "_LOCK_TIMEOUT", "20ms")
    monkeypatch.setattr(migrating, "backoff", soon)
    monkeypatch.setattr(migrating, "migrations_folder", {"shop": folder}.__getitem__)
    connection = await asyncpg.connect(database_url)
    transaction = connection.transaction()
    await transaction.start()
    _ = await connection.execute("LOCK TABLE item")
    upgrade = asyncio.create_task(migrate("shop", database_url))
    assert await asyncio.to_thread(refused.wait, 10)
    await transaction.rollback()
    await upgrade
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == "0002"
    assert await connection.fetch("SELECT note FROM item") == []
    await connection.close()


async def test_a_database_that_is_ahead_is_left_alone(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    _ = await connection.execute("UPDATE alembic_version SET version_num = '0099'")
    await migrate("shop", database_url)
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == "0099"
    await connection.close()


async def test_a_check_that_no_migration_makes_is_drift(database_url: str) -> None:
    declared = MetaData(naming_convention=NAMING)
    for table in Base.metadata.tables.values():
        _ = table.to_metadata(declared)
    check = CheckConstraint("price < 100", name="cheap")
    declared.tables["item"].append_constraint(check)
    (line,) = await schema_drift("shop", database_url, declared)
    assert "no migration makes" in line
    assert "item_cheap CHECK (price < 100)" in line


async def test_columns_defaults_and_indexes_that_differ_are_drift(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    _ = await connection.execute("ALTER TABLE item ALTER COLUMN name DROP NOT NULL")
    _ = await connection.execute("ALTER TABLE item ALTER COLUMN labels DROP DEFAULT")
    _ = await connection.execute("DROP INDEX unsold_items")
    _ = await connection.execute("CREATE TABLE forgotten (id int)")
    await connection.close()
    drift = await schema_drift("shop", database_url, Base.metadata)
    assert len(drift) == 6
    assert "shop: the model lacks: forgotten column id integer" in drift


async def test_looking_for_drift_leaves_nothing_behind(database_url: str) -> None:
    _ = await schema_drift("shop", database_url, Base.metadata)
    connection = await asyncpg.connect(database_url)
    schemas = await connection.fetch(
        "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg%' ORDER BY 1"
    )
    await connection.close()
    assert [row["nspname"] for row in schemas] == ["information_schema", "public"]


def test_constraints_are_named_by_their_rule() -> None:
    declared = metadata()
    table = Table(
        "stock_level",
        declared,
        Column("id", Integer, primary_key=True),
        Column("on_hand", Integer),
        CheckConstraint(text("on_hand >= 0"), name="on_hand_not_negative"),
        Index(None, "on_hand"),
    )
    names = {str(constraint.name) for constraint in table.constraints}
    assert names == {"stock_level_pkey", "stock_level_on_hand_not_negative"}
    assert {index.name for index in table.indexes} == {"stock_level_on_hand_idx"}


def test_there_is_one_server_however_often_it_is_asked_for(postgres: PostgresServer) -> None:
    assert shared_server() is postgres
