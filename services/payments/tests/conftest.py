"""A service on a migrated database, worked by hand; every invariant holds after every test."""

from collections.abc import AsyncGenerator

import pytest

from payments.main import build
from payments.settings import Settings
from payments.testing import A_DAY, Bench, FakeGateway, breaches
from wareflow_kit.testing import FixedClock, Unplugged, fresh_database, settings_for

KEYS = {
    "gateway_url": "https://gateway.test",
    "gateway_key": "sk_test_sandbox",
    "gateway_publishable_key": "pk_test_sandbox",
    "webhook_secrets": ["whsec_of_today", "whsec_of_yesterday"],
}


@pytest.fixture
async def database() -> AsyncGenerator[str]:
    async with fresh_database("payments") as url:
        yield url


@pytest.fixture
async def unchecked(database: str) -> AsyncGenerator[Bench]:
    clock = FixedClock(A_DAY)
    gateway = FakeGateway(clock=clock)
    settings = settings_for(Settings, database, **KEYS)
    service = build(settings, broker=Unplugged(), gateway=gateway, clock=clock)
    yield Bench(service, gateway)
    await service.close()


@pytest.fixture
async def bench(unchecked: Bench) -> AsyncGenerator[Bench]:
    yield unchecked
    assert await breaches(unchecked.engine) == {}
    assert all(len(made) <= 1 for made in unchecked.gateway.made_by.values())


@pytest.fixture(params=[False, True], ids=["once", "twice"])
async def story(request: pytest.FixtureRequest, bench: Bench) -> Bench:
    """A bench on which every event is heard once, and once more on which it is heard twice."""
    return Bench(bench.service, bench.gateway, twice=request.param)
