"""A migrated database, the service on it, a shopper; afterwards every promise still holds."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from orders.checks import CHECKS
from orders.consumers import HANDLERS
from orders.main import build
from orders.settings import Settings
from orders.testing import Shopper, a_channel, a_price, a_product, a_variant, stock_of
from wareflow_events.event import Event
from wareflow_kit.service import Service
from wareflow_kit.testing import FixedClock, Hand, Unplugged, client, fresh_database, settings_for

Hear = Callable[..., Awaitable[None]]


async def breaches(engine: AsyncEngine) -> dict[str, list[tuple[object, ...]]]:
    """The checks that do not hold, with the rows that break them."""
    async with engine.connect() as connection:
        found = {
            check.name: list(map(tuple, (await connection.execute(text(check.sql))).all()))
            for check in CHECKS
        }
    return {name: rows for name, rows in found.items() if rows}


@pytest.fixture
async def database() -> AsyncGenerator[str]:
    async with fresh_database("orders") as url:
        yield url


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    return settings_for(Settings, database, signing_key=tmp_path / "orders.pem")


@pytest.fixture
def clock() -> FixedClock:
    """Stands at the time of the test, since the checks go by the database's own clock."""
    return FixedClock()


@pytest.fixture
async def unchecked_service(settings: Settings, clock: FixedClock) -> AsyncGenerator[Service]:
    made = build(settings, broker=Unplugged())
    made.transactions.clock = clock
    yield made
    await made.close()


@pytest.fixture
async def service(unchecked_service: Service) -> AsyncGenerator[Service]:
    yield unchecked_service
    assert await breaches(unchecked_service.engine) == {}


@pytest.fixture
async def http(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    async with client(service) as opened:
        yield opened


@pytest.fixture
def twice() -> bool:
    """Whether every event is delivered twice; the stories are told both ways."""
    return False


@pytest.fixture
def hear(service: Service, twice: bool) -> Hear:
    """Hears events, as one batch per group."""
    hands = [(group, Hand(service.transactions, group)) for group in HANDLERS]

    async def tell(*events: Event) -> None:
        for group, hand in hands:
            if theirs := [event for event in events if event.TYPE in group.by_type]:
                await hand.hear(*theirs, twice=twice)

    return tell


@pytest.fixture
def shopper(http: httpx.AsyncClient) -> Shopper:
    return Shopper(http)


@pytest.fixture
async def mug(hear: Hear) -> UUID:
    """A variant for 18.99 EUR in the default channel, ten of it in stock."""
    variant = a_variant()
    await hear(a_channel(), a_product(variant), stock_of(variant.variant_id, 10))
    return variant.variant_id


@pytest.fixture
async def free_ebook(hear: Hear, mug: UUID) -> UUID:
    """A variant for nothing that is not shipped."""
    variant = a_variant(a_price(0), sku="EBOOK", tracked=False, requires_shipping=False)
    await hear(a_product(variant))
    return variant.variant_id
