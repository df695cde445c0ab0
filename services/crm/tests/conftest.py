"""A migrated database, the service on it, and hands that feed its consumers."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from crm.main import build
from crm.settings import Settings
from wareflow_kit.auth import Issuer
from wareflow_kit.service import Service
from wareflow_kit.testing import (
    TEST_ISSUER,
    FixedClock,
    Hand,
    Unplugged,
    client,
    fresh_database,
    settings_for,
    staff_token,
)

NOON = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    return tmp_path / "mails"


@pytest.fixture
async def service(tmp_path: Path, mails: Path) -> AsyncGenerator[Service]:
    key = tmp_path / "crm.pem"
    own = Issuer.from_file(key, "https://crm.test").trusted("customer")
    async with fresh_database("crm") as url:
        settings = settings_for(
            Settings,
            url,
            signing_key=key,
            issuer="https://crm.test",
            mail_folder=mails,
            trusted_issuers=(TEST_ISSUER.trusted("staff"), own),
        )
        made = build(settings, broker=Unplugged())
        made.transactions.clock = FixedClock(NOON)
        yield made
        await made.close()


@pytest.fixture
def hands(service: Service) -> dict[str, Hand]:
    return {group.name: Hand(service.transactions, group) for group in service.groups}


@pytest.fixture
async def staff(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    token = staff_token("crm:read", "crm:write", "crm:erase")
    async with client(service, token=token) as opened:
        yield opened


@pytest.fixture
async def guest(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    async with client(service) as opened:
        yield opened
