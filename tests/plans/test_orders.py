"""Orders finds what it needs, however many carts and orders there were."""

from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from bench.data.catalogue import variant_id
from bench.data.fill import fill_catalogue, fill_orders
from bench.data.ids import made
from tests.plans.service import ORDERS, PRODUCTS, poll_everything, read_everything, watched
from tests.plans.watch import Watch

from orders.consumers import HANDLERS
from orders.main import build
from orders.settings import Settings
from orders.testing import (
    Shopper,
    a_channel,
    a_product,
    a_variant,
    captured,
    erased,
    merged,
    reserved,
    stock_of,
)
from wareflow_events.event import Event
from wareflow_events.schemas.shapes import Money
from wareflow_kit.auth import customer_id_of
from wareflow_kit.service import Service
from wareflow_kit.testing import (
    TEST_ISSUER,
    Hand,
    Unplugged,
    customer_token,
    fresh_database,
    settings_for,
)

READS = {
    "/orders/v1/orders": [
        "",
        "?status=confirmed",
        "?payment_status=paid",
        "?fulfilment_status=fulfilled",
        "?number=P-77",
        "?email=customer5@example.com",
        "?customer_id={customer_id}",
        "?placed_from=2025-01-03T00:00:00Z&placed_to=2025-01-03T01:00:00Z",
        "?test=false",
    ],
    "/orders/v1/orders/{order_id}": [""],
    "/orders/v1/orders/{order_id}/events": [""],
}
OF_CUSTOMERS = {"/orders/v1/carts", "/orders/v1/carts/{cart_id}"}
"""Read below, by those whose they are."""
NAMES = {"order_id": made("order", 77), "customer_id": made("customer", 25)}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncGenerator[Service]:
    """Orders with thousands of variants on sale, and thousands of past orders."""
    async with fresh_database("orders") as url:
        await fill_catalogue({"orders": url}, range(PRODUCTS))
        await fill_orders({"orders": url}, range(ORDERS), catalogue=PRODUCTS)
        settings = settings_for(Settings, url, signing_key=tmp_path / "orders.pem")
        made_service = build(settings, broker=Unplugged())
        yield made_service
        await made_service.close()


async def _hear(service: Service, watch: Watch, *events: Event) -> None:
    for group in HANDLERS:
        if theirs := [event for event in events if event.TYPE in group.by_type]:
            watch.doing = f"hearing {', '.join(event.TYPE for event in theirs)}"
            await Hand(service.transactions, group).hear(*theirs)


async def _bought(service: Service, watch: Watch, http: httpx.AsyncClient) -> None:
    """An order from its cart to its fulfilment, and another one that is cancelled."""
    for last in ("/fulfil", "/cancel"):
        shopper = Shopper(http)
        watch.doing = "filling a cart"
        _ = await shopper.put(variant_id(3))
        _ = await shopper.look()
        _ = await shopper.say(email="ada@example.com")
        watch.doing = "checking out"
        order = await shopper.checkout()
        order_id = UUID(order["id"])
        await _hear(service, watch, reserved(order_id))
        await _hear(service, watch, captured(order_id, Money(**order["total"])))
        watch.doing = last
        answer = await http.post(f"/orders/v1/orders/{order_id}{last}", json={})
        assert answer.status_code == 200, answer.text
        watch.doing = "a guest looks an order up"
        said = {"number": order["number"], "email": "grace@example.com"}
        _ = await http.post("/orders/v1/orders/lookup", json=said)


@pytest.mark.timeout(300)
async def test_orders_reads_no_table_whole(service: Service) -> None:
    await Hand(service.transactions, HANDLERS[0]).hear(a_channel())
    async with watched(service, "orders:read", "orders:write") as (watch, staff):
        await read_everything(service, watch, staff, READS, NAMES, apart=OF_CUSTOMERS)
        await _bought(service, watch, staff)
        watch.doing = "a customer looks at their carts and orders"
        theirs = {"Authorization": f"Bearer {customer_token('grace')}"}
        for path in ("/orders/v1/carts", "/orders/v1/orders"):
            answer = await staff.get(path, headers=theirs)
            assert answer.status_code == 200, answer.text
        variant = a_variant()
        stock = stock_of(variant.variant_id, 10)
        await _hear(service, watch, a_channel(version=2), a_product(variant), stock)
        grace = customer_id_of(TEST_ISSUER.issuer, "grace")
        await _hear(service, watch, merged(grace, made("customer", 3)))
        await _hear(service, watch, erased(made("customer", 4)))
        await poll_everything(service, watch)
