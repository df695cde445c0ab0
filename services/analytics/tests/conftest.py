"""A migrated database, the service on it, and hands that feed its consumers."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import httpx
import pytest

from analytics.main import build
from analytics.settings import Settings
from wareflow_kit.service import Service
from wareflow_kit.testing import (
    FixedClock,
    Hand,
    Unplugged,
    client,
    fresh_database,
    settings_for,
    staff_token,
)

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
async def service() -> AsyncGenerator[Service]:
    async with fresh_database("analytics") as url:
        made = build(settings_for(Settings, url), broker=Unplugged())
        made.transactions.clock = FixedClock(NOON)
        yield made
        await made.close()


@pytest.fixture
def hands(service: Service) -> dict[str, Hand]:
    return {group.name: Hand(service.transactions, group) for group in service.groups}


@pytest.fixture
async def http(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    async with client(service, token=staff_token("analytics:read")) as opened:
        yield opened
