"""Analytics counts a span without reading all that ever was."""

from collections.abc import AsyncGenerator
from uuid import uuid4

import pytest
from bench.data.fill import fill_orders
from bench.data.ids import made
from tests.plans.service import ORDERS, PRODUCTS, poll_everything, read_everything, watched

from analytics.main import build
from analytics.settings import Settings
from analytics.testing import a_cart, a_confirmed_order, an_activity, placed
from wareflow_events.clock import utc_now
from wareflow_events.schemas.crm import CustomerErased
from wareflow_kit.service import Service
from wareflow_kit.testing import Hand, Unplugged, fresh_database, settings_for

_SPAN = "since=2025-01-03T00:00:00Z&until=2025-01-03T06:00:00Z"
READS = {
    "/analytics/v1/sales": [f"?by={by}&{_SPAN}" for by in ("hour", "day", "product", "country")],
    "/analytics/v1/funnel": [f"?{_SPAN}"],
    "/analytics/v1/freshness": [""],
}


@pytest.fixture
async def service() -> AsyncGenerator[Service]:
    """Analytics with a week of sales, and ten times as many activities."""
    async with fresh_database("analytics") as url:
        await fill_orders({"analytics": url}, range(ORDERS), catalogue=PRODUCTS)
        made_service = build(settings_for(Settings, url), broker=Unplugged())
        yield made_service
        await made_service.close()


@pytest.mark.timeout(300)
async def test_analytics_reads_no_table_whole(service: Service) -> None:
    now = utc_now()
    async with watched(service, "analytics:read") as (watch, staff):
        await read_everything(service, watch, staff, READS, {})
        watch.doing = "collecting"
        activities = [an_activity(at=now), an_activity(at=now, customer_id=str(uuid4())), {}]
        answer = await staff.post("/analytics/v1/collect", json={"events": activities})
        assert answer.json()["accepted"] == 2
        order = a_confirmed_order(at=now)
        hands = {group.name: Hand(service.transactions, group) for group in service.groups}
        watch.doing = "hearing of a sale"
        await hands["analytics.sales"].hear(order)
        await hands["analytics.funnel"].hear(a_cart(order, at=now), placed(order), order)
        watch.doing = "forgetting a customer"
        gone = made("customer", 5)
        erased = CustomerErased(customer_id=gone, customer_ids=[gone], erased_at=now)
        await hands["analytics.people"].hear(erased)
        await poll_everything(service, watch)
