"""A migrated database, the service on it, hands that feed it; every promise holds after a test."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.checks import CHECKS
from inventory.consumers import HANDLERS
from inventory.main import build
from inventory.model.ids import VariantId
from inventory.model.stock import VariantStock
from inventory.settings import Settings
from inventory.testing import A_DAY
from inventory.views.levels import Wanted, levels
from wareflow_events.event import Event
from wareflow_events.transaction import Transactions
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

Hear = Callable[..., Awaitable[None]]
StockNow = Callable[[VariantId], Awaitable[VariantStock]]


async def breaches(engine: AsyncEngine) -> dict[str, list[tuple[object, ...]]]:
    """The checks that do not hold, with the rows that break them."""
    async with engine.connect() as connection:
        found = {
            check.name: [tuple(row) for row in await connection.execute(text(check.sql))]
            for check in CHECKS
        }
    return {name: rows for name, rows in found.items() if rows}


@pytest.fixture
async def database() -> AsyncGenerator[str]:
    async with fresh_database("inventory") as url:
        yield url


@pytest.fixture
async def unchecked_service(database: str) -> AsyncGenerator[Service]:
    made = build(settings_for(Settings, database), broker=Unplugged())
    made.transactions.clock = FixedClock(A_DAY)
    yield made
    await made.close()


@pytest.fixture
async def service(unchecked_service: Service) -> AsyncGenerator[Service]:
    yield unchecked_service
    assert await breaches(unchecked_service.engine) == {}


@pytest.fixture
def transactions(service: Service) -> Transactions:
    return service.transactions


@pytest.fixture(params=[False, True], ids=["once", "twice"])
def hear(request: pytest.FixtureRequest, service: Service) -> Hear:
    """Hears a batch of events of one topic, delivered once and delivered twice."""
    hands = {
        topic.name: Hand(service.transactions, group)
        for group in HANDLERS
        for topic in group.topics
    }

    async def tell(*events: Event) -> None:
        await hands[events[0].TOPIC.name].hear(*events, twice=request.param)

    return tell


@pytest.fixture
def stock_now(service: Service) -> StockNow:
    async def read(variant_id: VariantId) -> VariantStock:
        async with service.transactions.begin() as tx:
            found = await levels(tx.session, Wanted(variant_ids=[variant_id]), limit=1)
        return found[0]

    return read


@pytest.fixture
def mug() -> VariantId:
    return VariantId(uuid4())


@pytest.fixture
async def http(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    token = staff_token("inventory:read", "inventory:write")
    async with client(service, token=token) as opened:
        yield opened
