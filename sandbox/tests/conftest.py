"""A sandbox on a free port with a database of its own, and a shop that talks to it."""

from collections.abc import AsyncGenerator

import pytest

from wareflow_kit.testing import fresh_database, settings_for
from wareflow_sandbox.settings import Settings
from wareflow_sandbox.testing import (
    Browser,
    Running,
    Shop,
    broken_promises,
    open_shop,
    running_sandbox,
)


def pytest_configure(config: pytest.Config) -> None:
    """Stripe's client hands httpx a text body, which httpx deprecates; that is not ours to mend."""
    config.addinivalue_line("filterwarnings", "ignore:Use 'content=:DeprecationWarning")


@pytest.fixture(scope="session")
async def database() -> AsyncGenerator[str]:
    """The url of a migrated database, shared by the tests that look at their own payments only."""
    async with fresh_database("wareflow_sandbox") as url:
        yield url


@pytest.fixture(scope="session")
async def running(database: str) -> AsyncGenerator[Running]:
    """A sandbox whose late payments are not very late; its money adds up after all the tests."""
    settings = settings_for(
        Settings, database, settle_seconds=0.05, webhook_retry_seconds=0.02, log_level="warning"
    )
    async with running_sandbox(settings) as running:
        yield running
        assert await broken_promises(running.sandbox.engine) == set()


@pytest.fixture(autouse=True)
async def well_behaved(request: pytest.FixtureRequest) -> AsyncGenerator[None]:
    """No test leaves its faults behind."""
    yield
    if "running" in request.fixturenames:
        sandbox: Running = request.getfixturevalue("running")
        await sandbox.behave()


@pytest.fixture(scope="session")
async def shop(running: Running) -> AsyncGenerator[Shop]:
    """The shop's server."""
    async with open_shop(running.url) as shop:
        yield shop


@pytest.fixture
def browser(running: Running) -> Browser:
    """A customer's."""
    return Browser(running.url)
