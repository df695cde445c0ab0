"""What becomes of people: erased customers are forgotten, guests join their account."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from orders.testing import ADDRESS, Shopper, captured, erased, merged, reserved, voided
from wareflow_kit.auth import customer_id_of
from wareflow_kit.money import Money
from wareflow_kit.service import Service
from wareflow_kit.testing import TEST_ISSUER, customer_token, published, staff_token

Hear = Callable[..., Awaitable[None]]
Json = dict[str, Any]
GRACE = customer_id_of(TEST_ISSUER.issuer, "grace")
STAFF = {"Authorization": f"Bearer {staff_token('orders:read', 'orders:write')}"}


@pytest.fixture
async def grace(http: httpx.AsyncClient, mug: UUID) -> Shopper:
    shopper = Shopper(http, bearer=customer_token("grace"))
    _ = await shopper.put(mug)
    return shopper


async def contact(shopper: Shopper, order: Json) -> Json | None:
    path = f"/orders/v1/orders/{order['id']}"
    return (await shopper.http.get(path, headers=STAFF)).json()["contact"]


async def pay(hear: Hear, order: Json) -> None:
    await hear(reserved(order["id"]))
    await hear(captured(order["id"], Money.model_validate(order["total"])))


async def personal_data(service: Service) -> str:
    """Every row of every table but the outbox and what is told to the contact topic."""
    async with service.engine.connect() as connection:
        names = await connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
        found: list[str] = []
        for name in set(names.scalars()) - {"outbox"}:
            rows = await connection.execute(text(f'SELECT t::text FROM "{name}" t'))
            found += rows.scalars()
    return "\n".join(found)


async def test_an_erased_customer_is_in_no_table(
    service: Service, hear: Hear, grace: Shopper
) -> None:
    order = await grace.checkout()
    await hear(reserved(order["id"]))
    _ = await grace.order(order, "/cancel", method="POST")
    await hear(voided(order["id"]))
    assert "grace@example.com" in await personal_data(service)
    await hear(erased(GRACE))
    left = await personal_data(service)
    assert "grace@example.com" not in left
    assert "Hauptstr" not in left


async def test_an_order_to_be_shipped_keeps_its_address_until_it_is(
    service: Service, hear: Hear, grace: Shopper
) -> None:
    order = await grace.checkout(billing_address=ADDRESS)
    await pay(hear, order)
    await hear(erased(GRACE))
    left = await contact(grace, order)
    assert left is not None
    assert (left["email"], left["billing_address"]) == (None, None)
    assert left["shipping_address"]["line1"] == ADDRESS["line1"]
    fulfil = f"/orders/v1/orders/{order['id']}/fulfil"
    assert (await grace.http.post(fulfil, json={}, headers=STAFF)).status_code == 200
    assert await contact(grace, order) is None
    assert "Hauptstr" not in await personal_data(service)


async def test_an_open_order_of_an_erased_customer_forgets_when_it_is_cancelled(
    service: Service, hear: Hear, grace: Shopper
) -> None:
    order = await grace.checkout()
    await hear(reserved(order["id"]), erased(GRACE))
    assert await contact(grace, order) is not None
    cancel = f"/orders/v1/orders/{order['id']}/cancel"
    _ = await grace.http.post(cancel, headers=STAFF)
    await hear(voided(order["id"]))
    assert await contact(grace, order) is None
    assert "Hauptstr" not in await personal_data(service)


async def test_a_token_that_is_still_valid_brings_nobody_back(
    service: Service, hear: Hear, grace: Shopper, mug: UUID
) -> None:
    _ = await grace.say(email="grace@example.com")
    await hear(erased(GRACE))
    assert (await grace.look())["email"] is None
    answers = [
        await grace.send("PATCH", json={"email": "grace@example.com"}),
        await grace.try_checkout(),
        await grace.http.post("/orders/v1/carts", json={}, headers=grace.headers),
    ]
    assert [answer.status_code for answer in answers] == [410, 410, 410]
    guest = Shopper(grace.http)
    _ = await guest.put(mug)
    guest.headers["Authorization"] = f"Bearer {customer_token('grace')}"
    assert (await guest.send("POST", "/claim")).status_code == 410
    assert "grace@example.com" not in await personal_data(service)


async def test_an_erased_guest_is_forgotten_too(
    service: Service, hear: Hear, shopper: Shopper, mug: UUID
) -> None:
    _ = await shopper.put(mug)
    order = await shopper.checkout()
    _ = await shopper.order(order, "/cancel", method="POST")
    await hear(erased(UUID(order["customer_id"])))
    assert "grace@example.com" not in await personal_data(service)
    assert (await shopper.try_checkout()).status_code == 410


async def test_a_guest_keeps_one_id_while_they_order_the_same_cart_again(
    shopper: Shopper, mug: UUID
) -> None:
    _ = await shopper.put(mug)
    first = await shopper.checkout()
    _ = await shopper.order(first, "/cancel", method="POST")
    second = await shopper.checkout()
    assert first["guest"]
    assert first["customer_id"] == second["customer_id"]
    assert first["number"] != second["number"]


async def test_orders_of_a_guest_join_the_account(
    service: Service, hear: Hear, shopper: Shopper, mug: UUID
) -> None:
    _ = await shopper.put(mug)
    order = await shopper.checkout()
    _ = await published(service.engine)
    mine = {"Authorization": f"Bearer {customer_token('grace')}"}
    assert (await shopper.http.get("/orders/v1/orders", headers=mine)).json()["items"] == []
    await hear(merged(GRACE, UUID(order["customer_id"])))
    (found,) = (await shopper.http.get("/orders/v1/orders", headers=mine)).json()["items"]
    assert (found["id"], found["guest"]) == (order["id"], False)
    await hear(erased(GRACE, UUID(order["customer_id"])))
    _ = await shopper.order(order, "/cancel", method="POST")
    assert "grace@example.com" not in await personal_data(service)


async def test_a_signed_in_customer_is_no_guest(grace: Shopper) -> None:
    order = await grace.checkout()
    assert (order["guest"], order["customer_id"]) == (False, str(GRACE))
