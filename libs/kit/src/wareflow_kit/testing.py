"""For tests of services: a real server, a fresh migrated database, tokens, and an HTTP client.

A service's `conftest.py` says `from wareflow_kit.testing import postgres` and builds on it.
"""

import asyncio
import atexit
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from wareflow_events.testing import FixedClock, Hand, published
from wareflow_kit.auth import Issuer
from wareflow_kit.migrating import migrate
from wareflow_kit.service import Service
from wareflow_kit.settings import ServiceSettings
from wareflow_kit.unplugged import Unplugged
from wareflow_postgres.server import PostgresServer
from wareflow_postgres.testing import test_server

__all__ = [
    "TEST_ISSUER",
    "FixedClock",
    "Hand",
    "Unplugged",
    "client",
    "customer_token",
    "fresh_database",
    "order_token",
    "postgres",
    "published",
    "settings_for",
    "shared_server",
    "staff_token",
]

S = TypeVar("S", bound=ServiceSettings)

TEST_ISSUER = Issuer(Ed25519PrivateKey.generate(), "https://issuer.test")
"""Signs the tokens of tests; `settings_for` trusts it for every kind."""


@cache
def shared_server() -> PostgresServer:
    """The one embedded server of this test process, stopped when the process ends."""
    stack = ExitStack()
    _ = atexit.register(stack.close)
    return stack.enter_context(test_server())


@pytest.fixture(scope="session")
def postgres() -> PostgresServer:
    """The embedded server; however many conftests import this, there is one."""
    return shared_server()


_templates: dict[str, str] = {}
_one_at_a_time = asyncio.Lock()


@asynccontextmanager
async def fresh_database(service_package: str) -> AsyncGenerator[str]:
    """The url of a database with all migrations of the package, empty, dropped afterwards.

    Migrations run once per process; each database is a copy (about 20 ms).
    """
    server = shared_server()
    async with _one_at_a_time:
        if service_package not in _templates:
            _templates[service_package] = f"template_{service_package}"
            await migrate(service_package, server.url(_templates[service_package]))
    name = f"{service_package}_{uuid4().hex[:12]}"
    await _administer(f'CREATE DATABASE "{name}" TEMPLATE "{_templates[service_package]}"')
    try:
        yield server.url(name)
    finally:
        await _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


async def _administer(statement: str) -> None:
    connection = await asyncpg.connect(shared_server().url())
    try:
        _ = await connection.execute(statement)
    finally:
        await connection.close()


def settings_for(kind: type[S], database_url: str, **more: Any) -> S:
    """Settings of a service under test, on that database, trusting the tests' own issuer."""
    defaults: dict[str, Any] = {
        "database_url": database_url,
        "log_url": database_url,
        "trusted_issuers": (TEST_ISSUER.trusted("staff", "customer", "order"),),
    }
    return kind(**{**defaults, **more})


def staff_token(*scopes: str, subject: str = "ada") -> str:
    """A token of staff with those scopes."""
    return TEST_ISSUER.sign(subject, scopes=scopes, ttl=timedelta(hours=1), kind="staff")


def customer_token(subject: str = "grace") -> str:
    """A token of a customer, whose id is `customer_id_of(TEST_ISSUER.issuer, subject)`."""
    return TEST_ISSUER.sign(subject, ttl=timedelta(hours=1), kind="customer")


def order_token(order_id: UUID) -> str:
    """A token for one order."""
    return TEST_ISSUER.sign(
        f"order {order_id}", ttl=timedelta(hours=1), kind="order", order_id=order_id
    )


@asynccontextmanager
async def client(
    service: Service | FastAPI, *, token: str | None = None
) -> AsyncGenerator[httpx.AsyncClient]:
    """An HTTP client of a service's app, which is started and stopped around it."""
    app = service.app if isinstance(service, Service) else service
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://test", headers=headers
        ) as http,
    ):
        yield http
