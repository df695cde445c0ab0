"""What staff change leaves a row, in the transaction that changes it."""

from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from wareflow_kit.service import Service
from wareflow_kit.testing import FixedClock, client, staff_token


async def entries(shop: Service) -> list[dict[str, object]]:
    async with shop.engine.connect() as connection:
        rows = await connection.execute(text("SELECT * FROM audit_entry"))
        return [dict(row) for row in rows.mappings()]


async def test_a_change_names_who_what_and_the_trace(
    shop: Service, staff: httpx.AsyncClient
) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    made = await staff.post(
        "/shop/v1/items",
        json={"name": "lamp", "price": 1},
        headers={"Idempotency-Key": "1", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
    )
    (entry,) = await entries(shop)
    assert entry["actor"] == "ada"
    assert entry["action"] == "add"
    assert entry["subject"] == f"item/{made.json()['id']}"
    assert entry["after"] == {"n": "lamp"}
    assert entry["trace_id"] == trace
    assert entry["at"] == shop.transactions.clock()


async def test_a_change_that_fails_leaves_no_row(shop: Service, staff: httpx.AsyncClient) -> None:
    await staff.post(
        "/shop/v1/items", json={"name": "x", "price": -1}, headers={"Idempotency-Key": "1"}
    )
    assert await entries(shop) == []


async def add(staff: httpx.AsyncClient, name: str) -> str:
    answer = await staff.post(
        "/shop/v1/items", json={"name": name, "price": 1}, headers={"Idempotency-Key": str(uuid4())}
    )
    return f"item/{answer.json()['id']}"


async def test_the_trail_is_read_newest_first_page_by_page(
    shop: Service, staff: httpx.AsyncClient, clock: FixedClock
) -> None:
    subjects: list[str] = []
    for n in range(3):
        _ = clock.advance(seconds=1)
        subjects.append(await add(staff, f"n{n}"))
    async with client(shop, token=staff_token("shop:audit")) as auditor:
        first = (await auditor.get("/shop/v1/audit?limit=2")).json()
        second = (await auditor.get(f"/shop/v1/audit?limit=2&after={first['next']}")).json()
        of_one = (await auditor.get("/shop/v1/audit", params={"subject": subjects[1]})).json()
    seen = [entry["subject"] for entry in first["items"] + second["items"]]
    assert seen == subjects[::-1]
    assert second["next"] is None
    assert [entry["subject"] for entry in of_one["items"]] == [subjects[1]]
    assert of_one["items"][0]["after"] == {"n": "n1"}


@pytest.mark.parametrize("scope", ["shop:write", "orders:audit"])
async def test_the_trail_is_for_those_with_its_scope(shop: Service, scope: str) -> None:
    async with client(shop, token=staff_token(scope)) as clerk:
        assert (await clerk.get("/shop/v1/audit")).status_code == 403
