"""The kit's tests run on the `shop` beside them, a service like any other."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop.main import build
from shop.settings import Settings

from wareflow_kit.service import Service
from wareflow_kit.testing import (
    FixedClock,
    Unplugged,
    client,
    fresh_database,
    postgres,
    settings_for,
    staff_token,
)

__all__ = ["postgres"]


@pytest.fixture
async def database_url() -> AsyncIterator[str]:
    """A migrated, empty database."""
    async with fresh_database("shop") as url:
        yield url


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands."""
    return FixedClock()


@pytest.fixture
async def shop(database_url: str, clock: FixedClock) -> AsyncIterator[Service]:
    """The shop on its database."""
    settings = settings_for(
        Settings, database_url, cors_origins=("https://store.test",), max_body_bytes=1000
    )
    service = build(settings, broker=Unplugged(), clock=clock)
    yield service
    await service.close()


@pytest.fixture
async def http(shop: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A guest."""
    async with client(shop) as guest:
        yield guest


@pytest.fixture
async def staff(shop: Service) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody of the staff who may change things."""
    async with client(shop, token=staff_token("shop:write")) as clerk:
        yield clerk
