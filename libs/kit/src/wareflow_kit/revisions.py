"""Writes a new migration: compares a service's models with a throw-away migrated database."""

import argparse
import asyncio
import re
from importlib.util import find_spec
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool
from sqlalchemy.ext.asyncio import create_async_engine

from wareflow_kit.migrating import NoMigrations, alembic_config, migrate, migrations_folder
from wareflow_kit.urls import async_url

_ENV = '''"""Alembic's door into this service's migrations."""

from {package}.model import Base
from wareflow_kit.migrations import run

run(Base.metadata)
'''

_SCRIPT = '''"""${message}"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
'''


def main(argv: list[str] | None = None) -> None:
    """`revision <package> -m "<what changes>"`."""
    parser = argparse.ArgumentParser(prog="python -m wareflow_kit.migrations")
    commands = parser.add_subparsers(required=True)
    revision = commands.add_parser("revision", help="write a migration from the models")
    _ = revision.add_argument("package")
    _ = revision.add_argument("-m", "--message", required=True)
    arguments = parser.parse_args(argv)
    _ = _on_a_throwaway_server(arguments.package, arguments.message)


def _on_a_throwaway_server(package: str, message: str) -> Path:
    from wareflow_postgres.testing import test_server

    with test_server() as server:
        return asyncio.run(write_revision(package, message, url=server.url("revision")))


async def write_revision(package: str, message: str, *, url: str) -> Path:
    """Write the next numbered migration of `package`, using the empty database at `url`."""
    folder = _ensure_folder(package)
    config = alembic_config(folder)
    script = ScriptDirectory.from_config(config)
    await migrate(package, url)
    number = f"{len(list(script.walk_revisions())) + 1:04d}"
    await asyncio.to_thread(lambda: asyncio.run(_autogenerate(config, url, message, number)))
    slug = re.sub(r"\W+", "_", message).lower()[:40].rstrip("_")
    return next(folder.glob(f"versions/{number}_{slug}*.py"))


async def _autogenerate(config: Config, url: str, message: str, number: str) -> None:
    engine = create_async_engine(async_url(url), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_alembic_revision, config, message, number)
    await engine.dispose()


def _alembic_revision(connection: Connection, config: Config, message: str, number: str) -> None:
    config.attributes["connection"] = connection
    _ = command.revision(config, message, autogenerate=True, rev_id=number)


def _ensure_folder(package: str) -> Path:
    try:
        return migrations_folder(package)
    except NoMigrations:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise
        folder = Path(spec.origin).parent.parent.parent / "migrations"
        (folder / "versions").mkdir(parents=True)
        _ = (folder / "env.py").write_text(_ENV.format(package=package))
        _ = (folder / "script.py.mako").write_text(_SCRIPT)
        return folder
