"""The shop's own database server is kept alive."""

import asyncio
import os
import signal
from pathlib import Path

import asyncpg

from wareflow.database import postgres
from wareflow_postgres.server import PostgresServer


async def answers(server: PostgresServer) -> int:
    """Its number of databases, once it answers."""
    async with asyncio.timeout(60):
        while True:
            try:
                connection = await asyncpg.connect(server.socket_url())
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)
                continue
            try:
                return await connection.fetchval("SELECT count(*) FROM pg_database")
            finally:
                await connection.close()


async def test_a_server_that_crashes_answers_again_at_the_same_address(tmp_path: Path) -> None:
    async with postgres(tmp_path, fsync=False, say=lambda _: None) as server:
        before, address = await answers(server), server.socket_url()
        for sign in (signal.SIGQUIT, signal.SIGKILL):
            os.kill(server.pid, sign)
            async with asyncio.timeout(30):
                while server.running:  # noqa: ASYNC110  another process does it
                    await asyncio.sleep(0.01)
            assert await answers(server) == before
        assert server.socket_url() == address
