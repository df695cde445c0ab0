"""Carts over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from orders.settings import Settings
from orders.testing import ADDRESS, Shopper, a_price, a_product, a_variant, removed, stock_of
from orders.usecases.expire_carts import expire_carts
from wareflow_events.schemas.orders import CartChanged
from wareflow_kit.auth import customer_id_of
from wareflow_kit.service import Service
from wareflow_kit.testing import TEST_ISSUER, FixedClock, customer_token, published

Hear = Callable[..., Awaitable[None]]
GRACE = customer_id_of(TEST_ISSUER.issuer, "grace")


async def test_a_line_shows_price_total_and_what_is_in_stock(shopper: Shopper, mug: UUID) -> None:
    cart = await shopper.put(mug, 2)
    (line,) = cart["lines"]
    assert line["unit_price"] == {"amount": 1899, "currency": "EUR"}
    assert line["total"] == {"amount": 3798, "currency": "EUR"}
    assert line["availability"] == {"in_stock": True, "available": 10}
    assert (line["title"], line["sku"], line["problem"]) == ("Mug", "MUG-BLUE", None)
    assert cart["shipping_method"] == "standard"
    assert cart["total"] == {"amount": 3798 + 490, "currency": "EUR"}


async def test_the_token_is_shown_once_and_kept_as_a_hash(
    service: Service, shopper: Shopper, mug: UUID
) -> None:
    token = (await shopper.open())["token"]
    assert "token" not in await shopper.look()
    async with service.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT cart::text FROM cart"))).scalars().all()
    assert token not in str(rows)
    assert len(token) == 43  # 256 bits in base64


@pytest.mark.parametrize("headers", [{}, {"X-Cart-Token": "guess"}, {"X-Cart-Token": ""}])
async def test_without_its_token_a_cart_is_not_there(
    http: httpx.AsyncClient, shopper: Shopper, mug: UUID, headers: dict[str, str]
) -> None:
    _ = await shopper.put(mug)
    for method, part, body in (
        ("GET", "", None),
        ("PATCH", "", {"email": "eve@example.com"}),
        ("POST", "/lines", {"variant_id": str(mug)}),
        ("POST", "/checkout", {"expected_total": shopper.cart["total"]}),
    ):
        answer = await http.request(
            method, shopper.path + part, json=body, headers={**headers, "Idempotency-Key": "1"}
        )
        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems/cart-not-found"


async def test_every_change_is_told_whole(service: Service, shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.open(attribution={"visitor_id": "v-1", "consent": {"ad_storage": True}})
    _ = await shopper.put(mug)
    _ = await shopper.put(mug, 2)
    told = await published(service.engine)
    assert [type(event) for event in told] == [CartChanged] * 3
    last = told[-1]
    assert isinstance(last, CartChanged)
    assert (last.version, last.status, last.lines[0].quantity) == (3, "open", 3)
    assert last.attribution.visitor_id == "v-1"
    assert last.attribution.consent.ad_storage


async def test_a_line_can_be_changed_and_taken_out(shopper: Shopper, mug: UUID) -> None:
    line = (await shopper.put(mug))["lines"][0]["line_id"]
    changed = await shopper.send("PATCH", f"/lines/{line}", json={"quantity": 4})
    assert changed.json()["lines"][0]["quantity"] == 4
    emptied = await shopper.send("DELETE", f"/lines/{line}")
    assert emptied.json()["lines"] == []
    gone = await shopper.send("DELETE", f"/lines/{line}")
    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/line-not-found")


async def test_a_write_that_saw_another_version_is_refused(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.put(mug)
    etag = (await shopper.send("GET")).headers["ETag"]
    line = {"variant_id": str(mug)}
    first = await shopper.send("POST", "/lines", json=line, headers={"If-Match": etag})
    second = await shopper.send("POST", "/lines", json=line, headers={"If-Match": etag})
    assert (first.status_code, second.status_code) == (200, 412)
    assert first.headers["ETag"] != etag
    assert (await shopper.look())["lines"][0]["quantity"] == 2


async def test_an_unknown_variant_is_not_put_in(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.open()
    answer = await shopper.send("POST", "/lines", json={"variant_id": str(uuid4())})
    assert answer.status_code == 422
    assert answer.json()["problem"] == "unknown"


async def test_an_unknown_channel_is_refused(http: httpx.AsyncClient, mug: UUID) -> None:
    answer = await http.post("/orders/v1/carts", json={"channel": "moon"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-channel")


async def test_the_price_is_the_one_of_now(
    shopper: Shopper, hear: Hear, mug: UUID, clock: FixedClock
) -> None:
    start, end = clock.now + timedelta(hours=1), clock.now + timedelta(hours=2)
    sale = a_price(1499, valid_from=start, valid_to=end)
    variant = a_variant(a_price(1899), sale)
    await hear(a_product(variant))
    prices: list[int] = []
    _ = await shopper.put(variant.variant_id)
    for _ in range(3):
        prices.append((await shopper.look())["lines"][0]["unit_price"]["amount"])
        _ = clock.advance(hours=1)
    assert prices == [1899, 1499, 1899]


async def test_a_price_of_another_channel_or_currency_does_not_count(
    shopper: Shopper, hear: Hear, mug: UUID
) -> None:
    variant = a_variant(a_price(900, channel="wholesale"), a_price(2099, currency="USD"))
    await hear(a_product(variant))
    _ = await shopper.open()
    answer = await shopper.send("POST", "/lines", json={"variant_id": str(variant.variant_id)})
    assert answer.json()["problem"] == "no_price"


async def test_a_line_that_was_taken_off_sale_stays_and_says_so(
    shopper: Shopper, hear: Hear, mug: UUID
) -> None:
    variant = a_variant()
    product = a_product(variant)
    await hear(product)
    _ = await shopper.put(variant.variant_id)
    _ = await shopper.put(mug)
    await hear(removed(product))
    gone, kept = (await shopper.look())["lines"]
    assert (gone["problem"], gone["total"], gone["title"]) == ("inactive", None, "Mug")
    assert (kept["problem"], shopper.cart["subtotal"]["amount"]) == (None, 1899)


async def test_stock_is_shown_and_promises_nothing(shopper: Shopper, hear: Hear, mug: UUID) -> None:
    await hear(stock_of(mug, 1))
    cart = await shopper.put(mug, 2)
    assert cart["lines"][0]["availability"] == {"in_stock": False, "available": 1}
    assert (await shopper.try_checkout()).status_code == 202


async def test_what_is_not_counted_is_always_in_stock(
    shopper: Shopper, hear: Hear, mug: UUID
) -> None:
    ebook = a_variant(tracked=False, requires_shipping=False)
    await hear(a_product(ebook))
    (line,) = (await shopper.put(ebook.variant_id, 1000))["lines"]
    assert line["availability"] == {"in_stock": True, "available": None}


async def test_the_full_cost_is_shown_before_the_checkout(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.put(mug)
    said = await shopper.say(
        email="grace@example.com", shipping_address=ADDRESS, shipping_method="express"
    )
    assert said["shipping"] == {"amount": 1290, "currency": "EUR"}
    assert said["total"] == {"amount": 1899 + 1290, "currency": "EUR"}
    assert said["shipping_address"]["city"] == "Berlin"
    assert (await shopper.say(shipping_address=None))["shipping_address"] is None
    assert shopper.cart["email"] == "grace@example.com"


async def test_a_way_of_delivery_nobody_offers_is_refused(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.put(mug)
    answer = await shopper.send("PATCH", json={"shipping_method": "pigeon"})
    assert answer.status_code == 422
    assert answer.json()["offered"] == ["standard", "express"]


# --- signing in --------------------------------------------------------------------------------


async def test_a_customers_cart_is_theirs_on_every_device(
    http: httpx.AsyncClient, mug: UUID
) -> None:
    grace = Shopper(http, bearer=customer_token("grace"))
    _ = await grace.put(mug)
    assert grace.cart["customer_id"] == str(GRACE)
    elsewhere = {"Authorization": f"Bearer {customer_token('grace')}"}
    mine = (await http.get("/orders/v1/carts", headers=elsewhere)).json()["items"]
    assert [cart["id"] for cart in mine] == [grace.cart["id"]]
    assert (await http.get(grace.path, headers=elsewhere)).status_code == 200
    other = {"Authorization": f"Bearer {customer_token('eve')}"}
    assert (await http.get(grace.path, headers=other)).status_code == 404


async def test_a_guests_cart_is_claimed_on_signing_in(http: httpx.AsyncClient, mug: UUID) -> None:
    guest = Shopper(http)
    _ = await guest.put(mug)
    guest.headers["Authorization"] = f"Bearer {customer_token('grace')}"
    claimed = (await guest.send("POST", "/claim")).json()
    assert (claimed["id"], claimed["customer_id"]) == (guest.cart["id"], str(GRACE))
    again = (await guest.send("POST", "/claim")).json()
    assert again["version"] == claimed["version"]


async def test_a_claimed_cart_joins_the_one_that_was_left_open(
    http: httpx.AsyncClient, service: Service, hear: Hear, mug: UUID
) -> None:
    bowl = a_variant()
    await hear(a_product(bowl))
    grace = Shopper(http, bearer=customer_token("grace"))
    _ = await grace.put(mug, 1)
    guest = Shopper(http)
    _ = await guest.put(mug, 2)
    _ = await guest.put(bowl.variant_id, 1)
    _ = await guest.say(email="grace@example.com")
    _ = await published(service.engine)
    guest.headers["Authorization"] = f"Bearer {customer_token('grace')}"
    joined = (await guest.send("POST", "/claim")).json()
    assert joined["id"] == grace.cart["id"]
    assert [line["quantity"] for line in joined["lines"]] == [3, 1]
    assert joined["email"] == "grace@example.com"
    left = (await guest.look())["status"], guest.cart["merged_into"], guest.cart["email"]
    assert left == ("merged", grace.cart["id"], None)
    told = [e for e in await published(service.engine) if isinstance(e, CartChanged)]
    assert {event.status for event in told} == {"open", "merged"}


async def test_claiming_is_for_customers(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.put(mug)
    answer = await shopper.send("POST", "/claim")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthorized")


# --- the end of a cart -------------------------------------------------------------------------


async def test_a_cart_that_nobody_touches_expires_and_forgets(
    service: Service, settings: Settings, shopper: Shopper, mug: UUID, clock: FixedClock
) -> None:
    _ = await shopper.put(mug)
    _ = await shopper.say(email="grace@example.com")
    _ = clock.advance(days=29)
    async with service.transactions.begin() as tx:
        assert await expire_carts(tx, limit=10, settings=settings) == 0
    _ = clock.advance(days=1)
    async with service.transactions.begin() as tx:
        assert await expire_carts(tx, limit=10, settings=settings) == 1
        assert await expire_carts(tx, limit=10, settings=settings) == 1  # not flushed yet
    cart = await shopper.look()
    assert (cart["status"], cart["email"]) == ("expired", None)
    refused = await shopper.send("POST", "/lines", json={"variant_id": str(mug)})
    assert (refused.status_code, refused.json()["cart_status"]) == (409, "expired")


async def test_an_old_ordered_cart_forgets_its_addresses(
    service: Service, settings: Settings, shopper: Shopper, mug: UUID, clock: FixedClock
) -> None:
    _ = await shopper.put(mug)
    _ = await shopper.checkout()
    assert (await shopper.look())["email"] == "grace@example.com"
    _ = clock.advance(days=30)
    async with service.transactions.begin() as tx:
        assert await expire_carts(tx, limit=10, settings=settings) == 1
    cart = await shopper.look()
    assert (cart["status"], cart["email"], cart["shipping_address"]) == ("ordered", None, None)
    async with service.transactions.begin() as tx:
        assert await expire_carts(tx, limit=10, settings=settings) == 0


# --- requests that are wrong -------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"quantity": 0},
        {"quantity": -1},
        {"variant_id": "x"},
        {"colour": "red"},
        {"quantity": 10**7},
    ],
)
async def test_a_wrong_line_is_told_where(shopper: Shopper, mug: UUID, body: object) -> None:
    _ = await shopper.open()
    assert isinstance(body, dict)
    answer = await shopper.send("POST", "/lines", json={"variant_id": str(mug), **body})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")


async def test_a_text_that_the_database_cannot_hold_is_refused(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.open()
    answer = await shopper.send("PATCH", json={"metadata": {"note": "a\x00b"}})
    assert answer.status_code == 422
