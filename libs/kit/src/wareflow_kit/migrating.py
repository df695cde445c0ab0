"""Bringing a database up to date: found, created, locked, migrated with Alembic."""

import asyncio
import threading
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import structlog
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from wareflow_events.faults import backoff
from wareflow_kit.urls import async_url, database_of, dsn

log = structlog.get_logger(__name__)

_ALEMBIC = threading.Lock()  # its context is global to the process
_LOCK_KEY = 0x77617265  # "ware": two starters of one database take turns
_LOCK_TIMEOUT = "3s"  # a migration that waits for a lock makes everybody wait behind it
_LOCK_NOT_AVAILABLE = "55P03"
_ATTEMPTS = 10


class NoMigrations(RuntimeError):
    """The package brings no `migrations` folder, neither beside its source nor inside it."""


def migrations_folder(package: str) -> Path:
    """`migrations` inside an installed package, or two levels up in a checkout."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise NoMigrations(f"there is no package {package!r}")
    home = Path(spec.origin).parent
    for folder in (home / "migrations", home.parent.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise NoMigrations(f"{package} has no migrations/env.py")


def alembic_config(folder: Path) -> Config:
    """Alembic's configuration for a service's folder, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


async def migrate(service_package: str, url: str) -> None:
    """Bring the database at `url` to the package's newest migration, making it if it is missing.

    Safe to call from several starters at once. Alembic is not, so it runs in a thread.
    """
    await asyncio.to_thread(_migrate, alembic_config(migrations_folder(service_package)), url)


def _migrate(config: Config, url: str) -> None:
    script = ScriptDirectory.from_config(config)
    versions = asyncio.run(_versions(url))
    if versions == set(script.get_heads()):
        return
    if unknown := versions - {revision.revision for revision in script.walk_revisions()}:
        # A release was taken back: migrations only widen, so this code works with what is there.
        log.warning("migration.database_is_ahead", revisions=sorted(unknown))
        return
    with _ALEMBIC:
        asyncio.run(_upgrade(config, url))


async def _versions(url: str) -> set[str]:
    """The revisions a database is at; none for a fresh one, which is created if need be."""
    try:
        connection = await asyncpg.connect(dsn(url))
    except asyncpg.InvalidCatalogNameError:
        await create_database(url)
        return set()
    try:
        rows = await connection.fetch("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return set()
    finally:
        await connection.close()
    return {row["version_num"] for row in rows}


async def create_database(url: str) -> None:
    """Create the database at `url`; somebody else having just done so is fine."""
    connection = await asyncpg.connect(dsn(url, database="postgres"))
    name = database_of(url).replace('"', '""')
    try:
        _ = await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        pass
    finally:
        await connection.close()


async def _upgrade(config: Config, url: str) -> None:
    settings = {"application_name": "migrate", "lock_timeout": _LOCK_TIMEOUT}
    engine = create_async_engine(
        async_url(url), poolclass=NullPool, connect_args={"server_settings": settings}
    )
    connection = await asyncpg.connect(dsn(url))
    try:
        await _take_turns(connection)
        for attempt in range(_ATTEMPTS):
            try:
                async with engine.connect() as migrating:
                    await migrating.run_sync(_alembic_upgrade, config)
                return
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                    raise
                log.warning("migration.waits_for_a_lock", attempt=attempt)
                await asyncio.sleep(backoff(attempt, first=0.5, most=10))
        raise TimeoutError(f"{database_of(url)} is too busy to be migrated")
    finally:
        await connection.close()
        await engine.dispose()


async def _take_turns(connection: asyncpg.Connection) -> None:
    # Asked again and again instead of waited for: a waiting statement holds a snapshot, which
    # CREATE INDEX CONCURRENTLY of the migration in progress would wait for in turn.
    while not await connection.fetchval(  # noqa: ASYNC110  another process cannot set an event
        "SELECT pg_try_advisory_lock($1)", _LOCK_KEY
    ):
        await asyncio.sleep(0.1)


def _alembic_upgrade(connection: Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
