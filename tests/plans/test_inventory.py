"""Inventory finds what it needs, however much there is."""

from collections.abc import AsyncGenerator
from uuid import uuid4

import pytest
from bench.data.catalogue import MAIN_LOCATION, variant_id
from bench.data.fill import fill_catalogue, fill_orders
from bench.data.ids import made
from tests.plans.service import ORDERS, PRODUCTS, poll_everything, read_everything, watched

from inventory.consumers import HANDLERS
from inventory.main import build
from inventory.model.ids import VariantId
from inventory.settings import Settings
from inventory.testing import a_product, a_variant, an_order, cancelled, fulfilled, removed
from wareflow_kit.service import Service
from wareflow_kit.testing import Hand, Unplugged, fresh_database, settings_for

READS = {
    "/inventory/v1/levels": [
        "",
        "?variant_id={variant_id}",
        "?sku=P77-1&sku=P78-1",
        "?location_id={location_id}",
        "?removed=false",
    ],
    "/inventory/v1/levels/{variant_id}": [""],
    "/inventory/v1/movements": [
        "?variant_id={variant_id}",
        "?variant_id={variant_id}&location_id={location_id}",
    ],
    "/inventory/v1/reservations/{order_id}": [""],
    "/inventory/v1/locations": [""],
    "/inventory/v1/locations/{location_id}": [""],
}
NAMES = {
    "variant_id": variant_id(77),
    "location_id": MAIN_LOCATION,
    "order_id": made("order", 77),
}


@pytest.fixture
async def service() -> AsyncGenerator[Service]:
    """Inventory with thousands of variants and past orders."""
    async with fresh_database("inventory") as url:
        await fill_catalogue({"inventory": url}, range(PRODUCTS))
        await fill_orders({"inventory": url}, range(ORDERS), catalogue=PRODUCTS)
        made_service = build(settings_for(Settings, url), broker=Unplugged())
        yield made_service
        await made_service.close()


@pytest.mark.timeout(300)
async def test_inventory_reads_no_table_whole(service: Service) -> None:
    async with watched(service, "inventory:read", "inventory:write") as (watch, staff):
        await read_everything(service, watch, staff, READS, NAMES)
        mine = {"variant_id": str(variant_id(77))}
        for noun, said in (
            ("receipts", {**mine, "quantity": 3}),
            ("adjustments", {**mine, "delta": 1}),
            ("adjustments", {"sku": "P78-1", "counted": 7}),
            ("openings", {"items": [{**mine, "quantity": 5}], "reference": "file"}),
        ):
            watch.doing = f"POST {noun}"
            answer = await staff.post(
                f"/inventory/v1/{noun}", json=said, headers={"Idempotency-Key": uuid4().hex}
            )
            assert answer.status_code in (200, 201), answer.text
        hands = {group.name: Hand(service.transactions, group) for group in HANDLERS}
        watch.doing = "hearing of orders"
        orders = [an_order({VariantId(variant_id(number)): 1}) for number in range(3)]
        await hands["inventory.orders"].hear(*orders)
        await hands["inventory.orders"].hear(cancelled(orders[0]), fulfilled(orders[1]))
        watch.doing = "hearing of products"
        product = a_product(a_variant(variant_id(5)), product_id=made("product", 5), version=2)
        await hands["inventory.catalogue"].hear(product)
        await hands["inventory.catalogue"].hear(removed(product))
        await poll_everything(service, watch)
