"""The service as a whole: its pollers, its document, its keys."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest
from prometheus_client import REGISTRY

from orders.main import build
from orders.settings import Settings
from orders.testing import Shopper, reserved
from wareflow_kit.service import Service
from wareflow_kit.testing import FixedClock, Unplugged

Hear = Callable[..., Awaitable[None]]


async def poll(service: Service, name: str) -> bool:
    (poller,) = [poller for poller in service.pollers if poller.name == name]
    return await poller.run()


async def test_its_clocks_end_what_is_late(
    service: Service, shopper: Shopper, hear: Hear, mug: UUID, clock: FixedClock
) -> None:
    _ = await shopper.put(mug)
    order = await shopper.checkout()
    await hear(reserved(UUID(order["id"])))
    late = Shopper(shopper.http)
    _ = await late.put(mug)
    never_reserved = await late.checkout()
    _ = clock.advance(minutes=30)
    assert not await poll(service, "orders.reserve_by")
    assert not await poll(service, "orders.pay_by")
    assert (await late.order(never_reserved)).json()["status"] == "cancelled"
    assert (await shopper.order(order)).json()["status"] == "closing"
    _ = clock.advance(days=31)
    assert not await poll(service, "orders.carts")
    assert (await late.look())["status"] == "expired"


async def test_it_measures_what_is_still_to_be_decided(
    service: Service, shopper: Shopper, mug: UUID, clock: FixedClock
) -> None:
    _ = await shopper.put(mug)
    _ = await shopper.checkout()
    _ = clock.advance(seconds=42)
    assert not await poll(service, "orders.open")
    placed = {"state": "placed"}
    assert REGISTRY.get_sample_value("saga_open", placed) == 1
    assert REGISTRY.get_sample_value("saga_oldest_age_seconds", placed) == pytest.approx(42)
    assert REGISTRY.get_sample_value("saga_open", {"state": "closing"}) == 0


async def test_its_document_names_every_operation_and_refusal(http: httpx.AsyncClient) -> None:
    document = (await http.get("/orders/openapi.json")).json()
    operations = {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }
    assert "orders_checkout_cart" in operations
    refusals = operations["orders_checkout_cart"]["responses"]["409"]["content"]
    examples = refusals["application/problem+json"]["examples"]
    assert {"total-changed", "cart-closed", "channel-closed"} <= set(examples)
    for operation in operations.values():
        assert operation["description"]
        assert operation["tags"]


async def test_replicas_with_one_key_file_sign_alike(
    settings: Settings, unchecked_service: Service
) -> None:
    twin = build(settings, broker=Unplugged())
    keys = [service.app.state.desk.tokens.kid for service in (unchecked_service, twin)]
    await twin.close()
    assert keys[0] == keys[1]


async def test_new_carts_are_limited_per_client(settings: Settings) -> None:
    from wareflow_kit.testing import client

    slow = build(settings.model_copy(update={"public_writes_per_minute": 2}), broker=Unplugged())
    async with client(slow) as http:
        codes = [(await http.post("/orders/v1/carts", json={})).status_code for _ in range(3)]
    await slow.close()
    assert codes == [422, 422, 429]  # no channel is known yet
