"""Orders over HTTP: who may see and steer which, lists, look-ups, waiting."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from orders.settings import Settings
from orders.testing import Shopper, captured, reserved
from wareflow_kit.auth import Verifier
from wareflow_kit.money import Money
from wareflow_kit.service import Service
from wareflow_kit.testing import FixedClock, customer_token, order_token, staff_token

Hear = Callable[..., Awaitable[None]]
Json = dict[str, Any]
READER = {"Authorization": f"Bearer {staff_token('orders:read')}"}
WRITER = {"Authorization": f"Bearer {staff_token('orders:write')}"}
NO_SCOPE = {"Authorization": f"Bearer {staff_token()}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def order(shopper: Shopper, mug: UUID) -> Json:
    _ = await shopper.put(mug)
    return await shopper.checkout()


def path(order: Json, part: str = "") -> str:
    return f"/orders/v1/orders/{order['id']}{part}"


# --- who sees what -----------------------------------------------------------------------------


async def test_the_order_token_opens_this_order_and_no_other(
    http: httpx.AsyncClient, order: Json
) -> None:
    mine = await http.get(path(order), headers=bearer(order["order_token"]))
    assert (mine.status_code, mine.json()["number"]) == (200, order["number"])
    assert mine.headers["Cache-Control"] == "private, no-cache"
    other = bearer(order_token(uuid4()))
    for part in ("", "/events"):
        assert (await http.get(path(order, part), headers=other)).status_code == 404
    assert (await http.post(path(order, "/cancel"), headers=other)).status_code == 404


async def test_the_order_token_can_be_checked_by_the_published_key(
    http: httpx.AsyncClient, settings: Settings, order: Json
) -> None:
    from wareflow_kit.settings import TrustedIssuer

    keys = (await http.get("/orders/v1/.well-known/jwks.json")).json()
    issuer = TrustedIssuer(issuer=settings.issuer, keys=keys, kinds=("order",))
    who = Verifier([issuer]).verify(order["order_token"])
    assert (who.kind, who.order_id) == ("order", UUID(order["id"]))


async def test_a_customer_sees_their_own_orders_only(http: httpx.AsyncClient, mug: UUID) -> None:
    grace = Shopper(http, bearer=customer_token("grace"))
    _ = await grace.put(mug)
    order = await grace.checkout()
    assert (await http.get(path(order), headers=bearer(customer_token("grace")))).is_success
    for part in ("", "/events"):
        stranger = await http.get(path(order, part), headers=bearer(customer_token("eve")))
        assert (stranger.status_code, stranger.json()["type"]) == (404, "/problems/order-not-found")
    cancelled = await http.post(path(order, "/cancel"), headers=bearer(customer_token("eve")))
    assert cancelled.status_code == 404
    mine = await http.get("/orders/v1/orders", headers=bearer(customer_token("grace")))
    assert [one["id"] for one in mine.json()["items"]] == [order["id"]]
    theirs = await http.get(
        f"/orders/v1/orders?customer_id={order['customer_id']}",
        headers=bearer(customer_token("eve")),
    )
    assert theirs.json()["items"] == []


@pytest.mark.parametrize(
    ("method", "part", "headers", "status"),
    [
        ("GET", "", {}, 401),
        ("GET", "", {"Authorization": "Bearer nonsense"}, 401),
        ("GET", "", NO_SCOPE, 403),
        ("GET", "", READER, 200),
        ("GET", "/events", {}, 401),
        ("POST", "/cancel", READER, 403),
        ("POST", "/fulfil", READER, 403),
        ("POST", "/fulfil", WRITER, 409),
        ("PATCH", "", READER, 403),
        ("PATCH", "", WRITER, 200),
        ("POST", "/cancel", WRITER, 200),
    ],
)
async def test_staff_needs_a_scope(
    http: httpx.AsyncClient,
    order: Json,
    method: str,
    part: str,
    headers: dict[str, str],
    status: int,
) -> None:
    body: Json = {"metadata": {}} if method == "PATCH" else {}
    answer = await http.request(method, path(order, part), headers=headers, json=body)
    assert answer.status_code == status


async def test_customers_neither_fulfil_nor_annotate(http: httpx.AsyncClient, order: Json) -> None:
    mine = bearer(order["order_token"])
    assert (await http.post(path(order, "/fulfil"), headers=mine, json={})).status_code == 403
    answer = await http.patch(path(order), headers=mine, json={"metadata": {"paid": "yes"}})
    assert answer.status_code == 403


async def test_an_order_that_does_not_exist_is_not_found(http: httpx.AsyncClient) -> None:
    nowhere = {"id": str(uuid4())}
    for part in ("", "/events"):
        assert (await http.get(path(nowhere, part), headers=READER)).status_code == 404
    assert (await http.post(path(nowhere, "/cancel"), headers=WRITER)).status_code == 404


# --- guests ------------------------------------------------------------------------------------


async def test_a_guest_finds_their_order_by_number_and_address(
    http: httpx.AsyncClient, order: Json
) -> None:
    said = {"number": order["number"], "email": "Grace@Example.com"}
    found = await http.post("/orders/v1/orders/lookup", json=said)
    assert (found.status_code, found.json()["id"]) == (200, order["id"])
    assert found.json()["contact"] is None
    assert "order_token" not in found.json()


async def test_a_wrong_guess_looks_the_same_whichever_part_is_wrong(
    http: httpx.AsyncClient, order: Json
) -> None:
    guesses = [
        {"number": order["number"], "email": "eve@example.com"},
        {"number": "W-999999", "email": "grace@example.com"},
        {"number": "W-999999", "email": "eve@example.com"},
    ]
    answers = [await http.post("/orders/v1/orders/lookup", json=guess) for guess in guesses]
    assert {(answer.status_code, answer.text) for answer in answers} == {
        (404, answers[0].text),
    }


async def test_guessing_is_slowed_down(
    http: httpx.AsyncClient, settings: Settings, order: Json
) -> None:
    guess = {"number": "W-1", "email": "eve@example.com"}
    codes = [
        (await http.post("/orders/v1/orders/lookup", json=guess)).status_code
        for _ in range(settings.lookups_per_minute + 1)
    ]
    assert codes[-2:] == [404, 429]


async def test_the_address_of_an_order_is_not_guessed_from_many_addresses(
    service: Service, settings: Settings
) -> None:
    answers: list[int] = []
    for count in range(settings.lookups_of_an_order_per_hour + 1):
        transport = httpx.ASGITransport(service.app, client=(f"203.0.113.{count}", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as stranger:
            guess = {"number": "W-1", "email": f"guess{count}@example.com"}
            answer = await stranger.post("/orders/v1/orders/lookup", json=guess)
            answers.append(answer.status_code)
    assert answers == [404] * settings.lookups_of_an_order_per_hour + [429]


# --- lists -------------------------------------------------------------------------------------


@pytest.fixture
async def five(http: httpx.AsyncClient, mug: UUID, clock: FixedClock) -> list[Json]:
    """Five orders, an hour apart, the oldest first."""
    orders: list[Json] = []
    for number in range(5):
        buyer = Shopper(http)
        _ = await buyer.open(test=number == 4)
        _ = await buyer.put(mug)
        orders.append(await buyer.checkout(email=f"buyer{number}@example.com"))
        _ = clock.advance(hours=1)
    return orders


async def listed(http: httpx.AsyncClient, **filters: Any) -> list[str]:
    answer = await http.get("/orders/v1/orders", headers=READER, params=filters)
    assert answer.status_code == 200, answer.text
    return [one["number"] for one in answer.json()["items"]]


async def test_the_list_pages_by_key_newest_first(
    http: httpx.AsyncClient, five: list[Json]
) -> None:
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        params = {"limit": 2, **({"after": cursor} if cursor else {})}
        page = (await http.get("/orders/v1/orders", headers=READER, params=params)).json()
        seen += [one["number"] for one in page["items"]]
        cursor = page["next"]
    assert cursor is None
    assert seen == [order["number"] for order in reversed(five)]


async def test_the_list_can_be_filtered(
    http: httpx.AsyncClient, hear: Hear, five: list[Json], clock: FixedClock
) -> None:
    numbers = [order["number"] for order in five]
    first = five[0]
    await hear(reserved(UUID(first["id"])))
    await hear(captured(UUID(first["id"]), Money.model_validate(first["total"])))
    assert await listed(http, status="confirmed") == [first["number"]]
    assert await listed(http, payment_status="paid") == [first["number"]]
    assert await listed(http, fulfilment_status="fulfilled") == []
    assert await listed(http, number=numbers[2]) == [numbers[2]]
    assert await listed(http, email="BUYER3@example.com") == [numbers[3]]
    assert await listed(http, customer_id=five[1]["customer_id"]) == [numbers[1]]
    assert await listed(http, test=True) == [numbers[4]]
    start = clock.now - timedelta(hours=4)
    window = {"placed_from": start, "placed_to": start + timedelta(hours=2)}
    expected = [numbers[2], numbers[1]]
    assert await listed(http, **{k: v.isoformat() for k, v in window.items()}) == expected


async def test_times_before_any_order_are_no_fault(http: httpx.AsyncClient, order: Json) -> None:
    assert await listed(http, placed_from="0001-01-01T00:00:00+14:00") == [order["number"]]
    assert await listed(http, placed_to="0685-11-19T13:49:03Z") == []


async def test_a_number_that_no_event_has_is_refused(http: httpx.AsyncClient, order: Json) -> None:
    answer = await http.get(path(order, f"/events?after={2**64}"), headers=READER)
    assert answer.status_code == 422


async def test_a_cursor_of_another_list_is_refused(http: httpx.AsyncClient, order: Json) -> None:
    answer = await http.get("/orders/v1/orders?after=abc", headers=READER)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-cursor")


# --- waiting and caching -----------------------------------------------------------------------


async def test_a_known_version_costs_no_body(http: httpx.AsyncClient, order: Json) -> None:
    headers = bearer(order["order_token"])
    etag = (await http.get(path(order), headers=headers)).headers["ETag"]
    again = await http.get(path(order), headers={**headers, "If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_reader_can_wait_for_anything_new(
    http: httpx.AsyncClient, hear: Hear, order: Json
) -> None:
    headers = bearer(order["order_token"])
    etag = (await http.get(path(order), headers=headers)).headers["ETag"]
    long = {**headers, "If-None-Match": etag, "Prefer": "wait=20"}
    waiting = asyncio.create_task(http.get(path(order), headers=long))
    await hear(reserved(UUID(order["id"])))
    assert (await waiting).json()["status"] == "awaiting_payment"


async def test_a_reader_can_wait_for_their_turn(
    http: httpx.AsyncClient, hear: Hear, order: Json
) -> None:
    headers = {**bearer(order["order_token"]), "Prefer": "wait=20"}
    waiting = asyncio.create_task(http.get(path(order), headers=headers))
    await hear(reserved(UUID(order["id"])))
    assert (await waiting).json()["status"] == "awaiting_payment"


# --- what staff leaves behind ------------------------------------------------------------------


async def test_every_change_by_staff_leaves_a_trace(
    http: httpx.AsyncClient, service: Service, order: Json, clock: FixedClock
) -> None:
    _ = await http.patch(path(order), headers=WRITER, json={"metadata": {"vip": "yes"}})
    _ = clock.advance(seconds=1)
    _ = await http.post(path(order, "/cancel"), headers=WRITER)
    query = "SELECT actor, action, subject, before, after FROM audit_entry ORDER BY id"
    async with service.engine.connect() as connection:
        trail = (await connection.execute(text(query))).all()
    subject = f"order/{order['id']}"
    assert [tuple(row)[:3] for row in trail] == [
        ("ada", "order.describe", subject),
        ("ada", "order.cancel_by_staff", subject),
    ]
    assert trail[0].after == {"vip": "yes"}
    assert (trail[1].before["stage"], trail[1].after["stage"]) == ("placed", "cancelled")


async def test_a_customers_own_cancel_is_no_staff_change(
    http: httpx.AsyncClient, service: Service, order: Json
) -> None:
    _ = await http.post(path(order, "/cancel"), headers=bearer(order["order_token"]))
    async with service.engine.connect() as connection:
        trail = (await connection.execute(text("SELECT 1 FROM audit_entry"))).all()
    assert trail == []
