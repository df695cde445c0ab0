"""Crm finds what it needs, however many customers there are."""

from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import uuid4

import pytest
from bench.data.fill import fill_orders
from bench.data.ids import made
from tests.plans.service import ORDERS, PRODUCTS, poll_everything, read_everything, watched

from crm.main import build
from crm.settings import Settings
from crm.testing import a_placed_order, confirmed, contact_of
from wareflow_events.clock import utc_now
from wareflow_kit.auth import Issuer
from wareflow_kit.service import Service
from wareflow_kit.testing import (
    TEST_ISSUER,
    Hand,
    Unplugged,
    fresh_database,
    settings_for,
)

READS = {
    "/crm/v1/customers": ["", "?kind=guest", "?tag=vip"],
    "/crm/v1/customers/search": ["?q=customer77", "?q=Customer 5"],
    "/crm/v1/customers/{customer_id}": [""],
    "/crm/v1/customers/{customer_id}/timeline": [""],
}
NAMES = {"customer_id": made("customer", 25)}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncGenerator[Service]:
    """Crm with thousands of customers who ordered."""
    key = tmp_path / "crm.pem"
    own = Issuer.from_file(key, "https://crm.test").trusted("customer")
    async with fresh_database("crm") as url:
        await fill_orders({"crm": url}, range(ORDERS), catalogue=PRODUCTS)
        settings = settings_for(
            Settings,
            url,
            signing_key=key,
            issuer="https://crm.test",
            mail_folder=tmp_path / "mails",
            trusted_issuers=(TEST_ISSUER.trusted("staff"), own),
        )
        made_service = build(settings, broker=Unplugged())
        yield made_service
        await made_service.close()


@pytest.mark.timeout(300)
async def test_crm_reads_no_table_whole(service: Service) -> None:
    async with watched(service, "crm:read", "crm:write", "crm:erase") as (watch, staff):
        await read_everything(service, watch, staff, READS, NAMES, apart={"/crm/v1/me"})
        watch.doing = "opening an account, and using it"
        said = {"email": "ada@example.com", "password": "correct horse battery", "name": "Ada"}
        opened = (await staff.post("/crm/v1/accounts", json=said)).json()
        _ = await staff.post("/crm/v1/sessions", json=said)
        _ = await staff.post("/crm/v1/accounts/forgotten-password", json=said)
        signed_in = {"Authorization": f"Bearer {opened['access_token']}"}
        assert (await staff.get("/crm/v1/me", headers=signed_in)).status_code == 200
        watch.doing = "hearing of an order"
        order = a_placed_order(at=utc_now(), customer_id=uuid4())
        hands = {group.name: Hand(service.transactions, group) for group in service.groups}
        await hands["crm.people"].hear(order, contact_of(order, email="grace@example.com"))
        await hands["crm.history"].hear(order, confirmed(order, at=utc_now()))
        await poll_everything(service, watch)
        watch.doing = "changing and forgetting a customer"
        customer = f"/crm/v1/customers/{made('customer', 7)}"
        changed = await staff.patch(customer, json={"version": 1, "name": "Somebody"})
        assert changed.status_code == 200, changed.text
        assert (await staff.post(f"{customer}/erasure")).status_code == 202
