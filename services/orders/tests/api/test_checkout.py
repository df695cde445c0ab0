"""The checkout over HTTP: what it refuses, what it makes, and that it makes it once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from orders.main import build
from orders.settings import Settings, TaxRate, Terms
from orders.testing import (
    ADDRESS,
    Shopper,
    a_channel,
    a_price,
    a_product,
    a_variant,
    removed,
    reserved,
    short,
)
from wareflow_events.schemas.orders import CartChanged, OrderContactGiven, OrderPlaced
from wareflow_kit.auth import customer_id_of
from wareflow_kit.service import Service
from wareflow_kit.testing import (
    TEST_ISSUER,
    Unplugged,
    client,
    customer_token,
    published,
)

Hear = Callable[..., Awaitable[None]]


def slug(answer: httpx.Response) -> str:
    return answer.json()["type"].removeprefix("/problems/")


async def count(service: Service, table: str) -> int:
    async with service.engine.connect() as connection:
        return (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()


async def test_a_checkout_stores_the_order_and_tells_of_it(
    service: Service, shopper: Shopper, mug: UUID
) -> None:
    _ = await shopper.open(attribution={"visitor_id": "v-1"}, metadata={"gift": "yes"})
    _ = await shopper.put(mug, 2)
    _ = await published(service.engine)
    answer = await shopper.try_checkout()
    order = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/orders/v1/orders/{order['id']}"
    assert (order["status"], order["number"], order["version"]) == ("placed", "W-100001", 1)
    assert order["total"] == shopper.cart["total"]
    assert order["contact"]["email"] == "grace@example.com"
    placed, given, changed = await published(service.engine)
    assert isinstance(placed, OrderPlaced)
    assert (placed.number, str(placed.order_id)) == (order["number"], order["id"])
    assert (placed.attribution.visitor_id, placed.metadata) == ("v-1", {"gift": "yes"})
    assert placed.shipping_lines[0].code == "standard"
    assert placed.total.amount == 2 * 1899 + 490
    assert isinstance(given, OrderContactGiven)
    assert given.contact.name == "Grace Hopper"
    assert isinstance(changed, CartChanged)
    assert (changed.status, changed.order_id) == ("ordered", placed.order_id)
    assert changed.customer_id == placed.customer_id


async def test_no_event_but_the_contact_names_the_customer(
    service: Service, shopper: Shopper, mug: UUID
) -> None:
    _ = await shopper.put(mug)
    _ = await shopper.say(email="grace@example.com", shipping_address=ADDRESS)
    _ = await shopper.checkout()
    for event in await published(service.engine):
        told = event.model_dump_json()
        names = "grace@example.com" in told or "Hauptstr" in told or "Hopper" in told
        assert names == isinstance(event, OrderContactGiven)


async def test_what_the_cart_says_need_not_be_said_again(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.put(mug)
    _ = await shopper.say(
        email="cart@example.com", shipping_address=ADDRESS, shipping_method="express"
    )
    body = {"expected_total": shopper.cart["total"]}
    answer = await shopper.send("POST", "/checkout", json=body, headers={"Idempotency-Key": "k"})
    order = answer.json()
    assert order["contact"]["email"] == "cart@example.com"
    assert order["shipping_lines"][0]["code"] == "express"


async def test_a_total_that_changed_is_answered_with_the_new_one(
    shopper: Shopper, hear: Hear, mug: UUID
) -> None:
    variant, product_id = a_variant(), uuid4()
    await hear(a_product(variant, product_id=product_id))
    _ = await shopper.put(variant.variant_id)
    dearer = a_variant(a_price(2099), variant_id=variant.variant_id)
    await hear(a_product(dearer, product_id=product_id, version=2))
    answer = await shopper.try_checkout()
    assert (answer.status_code, slug(answer)) == (409, "total-changed")
    problem = answer.json()
    assert problem["totals"]["total"] == {"amount": 2099 + 490, "currency": "EUR"}
    assert problem["lines"][0]["unit_price"]["amount"] == 2099
    _ = await shopper.checkout(expected_total=problem["totals"]["total"])


async def test_another_currency_is_another_total(shopper: Shopper, mug: UUID) -> None:
    cart = await shopper.put(mug)
    answer = await shopper.try_checkout(expected_total={**cart["total"], "currency": "USD"})
    assert slug(answer) == "total-changed"


async def test_an_empty_cart_is_no_order(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.open()
    answer = await shopper.try_checkout()
    assert (answer.status_code, slug(answer)) == (422, "cart-empty")


@pytest.mark.parametrize(
    ("missing", "refusal"),
    [("email", "email-missing"), ("shipping_address", "address-missing")],
)
async def test_somebody_has_to_get_it(
    shopper: Shopper, mug: UUID, missing: str, refusal: str
) -> None:
    _ = await shopper.put(mug)
    nothing: dict[str, Any] = {missing: None}
    answer = await shopper.try_checkout(**nothing)
    assert (answer.status_code, slug(answer)) == (422, refusal)


async def test_what_is_no_longer_sold_is_named(shopper: Shopper, hear: Hear, mug: UUID) -> None:
    variant = a_variant()
    product = a_product(variant)
    await hear(product)
    line = (await shopper.put(variant.variant_id))["lines"][0]["line_id"]
    await hear(removed(product))
    answer = await shopper.try_checkout()
    assert (answer.status_code, slug(answer)) == (422, "lines-not-for-sale")
    assert answer.json()["lines"] == [
        {"line_id": line, "variant_id": str(variant.variant_id), "problem": "inactive"}
    ]


async def test_a_country_that_is_not_served_is_refused(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.put(mug)
    answer = await shopper.try_checkout(shipping_address={**ADDRESS, "country": "FR"})
    assert (answer.status_code, slug(answer)) == (422, "country-not-served")
    assert answer.json()["served"] == ["DE", "AT"]


async def test_a_closed_channel_takes_no_orders(shopper: Shopper, hear: Hear, mug: UUID) -> None:
    _ = await shopper.put(mug)
    await hear(a_channel(active=False, version=2))
    assert slug(await shopper.try_checkout()) == "channel-closed"


@pytest.mark.parametrize(
    ("cents", "refusal"), [(49, "below-minimum"), (50, None), (10**8, "above-maximum")]
)
async def test_the_gateway_has_a_smallest_and_a_largest_payment(
    shopper: Shopper, hear: Hear, mug: UUID, cents: int, refusal: str | None
) -> None:
    ebook = a_variant(a_price(cents), requires_shipping=False)
    await hear(a_product(ebook))
    _ = await shopper.put(ebook.variant_id)
    answer = await shopper.try_checkout()
    assert (slug(answer) if answer.is_error else None) == refusal


async def test_nothing_to_pay_is_fine(shopper: Shopper, free_ebook: UUID) -> None:
    _ = await shopper.put(free_ebook)
    order = await shopper.checkout(shipping_address=None)
    assert (order["total"]["amount"], order["shipping_lines"]) == (0, [])


async def test_a_cart_is_ordered_once(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.put(mug)
    order = await shopper.checkout()
    again = await shopper.try_checkout()
    assert (again.status_code, slug(again)) == (409, "cart-closed")
    assert again.json()["order_id"] == order["id"]


async def test_a_signed_in_buyer_is_the_orders_customer(http: httpx.AsyncClient, mug: UUID) -> None:
    guest = Shopper(http)
    _ = await guest.put(mug)
    guest.headers["Authorization"] = f"Bearer {customer_token('grace')}"
    order = await guest.checkout()
    assert (order["customer_id"], order["guest"]) == (
        str(customer_id_of(TEST_ISSUER.issuer, "grace")),
        False,
    )


async def test_tax_is_shown_by_line_and_for_shipping(
    settings: Settings, hear: Hear, mug: UUID
) -> None:
    terms = Terms(tax_rates={"DE": TaxRate(title="MwSt.", rate_bps=1900)})
    taxed = build(settings.model_copy(update={"terms": terms}), broker=Unplugged())
    async with client(taxed) as http:
        shopper = Shopper(http)
        _ = await shopper.put(mug, 2)
        _ = await shopper.say(shipping_address=ADDRESS)
        order = await shopper.checkout()
    await taxed.close()
    assert order["lines"][0]["tax_lines"] == [
        {"title": "MwSt.", "rate_bps": 1900, "amount": {"amount": 606, "currency": "EUR"}}
    ]
    assert order["shipping_lines"][0]["tax_lines"][0]["amount"]["amount"] == 78
    assert order["tax"]["amount"] == 606 + 78
    assert order["total"]["amount"] == 2 * 1899 + 490


# --- once --------------------------------------------------------------------------------------


async def test_a_checkout_needs_a_key(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.put(mug)
    body = {"expected_total": shopper.cart["total"]}
    answer = await shopper.send("POST", "/checkout", json=body)
    assert (answer.status_code, slug(answer)) == (400, "idempotency-key-wanted")


async def test_a_repeated_checkout_is_the_same_order(
    service: Service, shopper: Shopper, mug: UUID
) -> None:
    _ = await shopper.put(mug)
    first = await shopper.try_checkout(key="k")
    second = await shopper.try_checkout(key="k")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert await count(service, "orders") == 1


async def test_the_same_key_with_another_body_is_refused(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.put(mug)
    _ = await shopper.checkout(key="k")
    answer = await shopper.try_checkout(key="k", email="other@example.com")
    assert (answer.status_code, slug(answer)) == (422, "idempotency-key-reused")


async def test_a_refused_checkout_leaves_its_key_free(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.put(mug)
    refused = await shopper.try_checkout(key="k", email=None)
    assert refused.status_code == 422
    _ = await shopper.checkout(key="k")


async def test_a_repeat_without_the_carts_token_learns_nothing(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.put(mug)
    _ = await shopper.checkout(key="k")
    shopper.headers["X-Cart-Token"] = "guess"
    stranger = await shopper.try_checkout(key="k")
    assert (stranger.status_code, slug(stranger)) == (404, "cart-not-found")


async def test_rivals_with_one_key_make_one_order(
    service: Service, shopper: Shopper, mug: UUID
) -> None:
    _ = await shopper.put(mug)
    answers = await asyncio.gather(*(shopper.try_checkout(key="k") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await count(service, "orders") == 1


async def test_rivals_with_keys_of_their_own_make_one_order(
    service: Service, shopper: Shopper, mug: UUID
) -> None:
    _ = await shopper.put(mug)
    answers = await asyncio.gather(*(shopper.try_checkout() for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7
    assert {slug(answer) for answer in answers if answer.is_error} == {"cart-closed"}
    assert await count(service, "orders") == 1


async def test_a_second_live_order_of_a_cart_cannot_be_written(
    service: Service, shopper: Shopper, mug: UUID
) -> None:
    _ = await shopper.put(mug)
    _ = await shopper.checkout()
    twin = """
        INSERT INTO orders SELECT (jsonb_populate_record(o, jsonb_build_object(
            'id', gen_random_uuid(), 'number', 'W-1'))).* FROM orders o
    """
    async with service.engine.connect() as connection:
        with pytest.raises(Exception, match="one_live_order_per_cart"):
            _ = await connection.execute(text(twin))


# --- waiting -----------------------------------------------------------------------------------


async def answered_by(shopper: Shopper, tell: Awaitable[None]) -> dict[str, Any]:
    """A checkout that is willing to wait, while something else happens."""
    waiting = asyncio.create_task(shopper.try_checkout(wait=20))
    await tell
    return (await waiting).json()


async def order_is_there(service: Service) -> UUID:
    async with asyncio.timeout(20):
        while True:
            async with service.engine.connect() as connection:
                found = (await connection.execute(text("SELECT id FROM orders"))).scalar()
            if found is not None:
                return found


@pytest.mark.parametrize(
    ("answer", "status"), [(reserved, "awaiting_payment"), (short, "cancelled")]
)
async def test_a_checkout_can_wait_for_what_becomes_of_it(
    service: Service,
    shopper: Shopper,
    hear: Hear,
    mug: UUID,
    answer: Callable[[UUID], Any],
    status: str,
) -> None:
    _ = await shopper.put(mug)

    async def inventory_answers() -> None:
        await hear(answer(await order_is_there(service)))

    order = await answered_by(shopper, inventory_answers())
    assert order["status"] == status


async def test_many_wait_with_one_connection(settings: Settings, hear: Hear, mug: UUID) -> None:
    narrow = build(settings.model_copy(update={"pool_size": 1}), broker=Unplugged())
    async with client(narrow) as http:
        shoppers = [Shopper(http) for _ in range(5)]
        for shopper in shoppers:
            _ = await shopper.put(mug)
        waiting = [asyncio.create_task(shopper.try_checkout(wait=20)) for shopper in shoppers]
        async with asyncio.timeout(20):
            while await count(narrow, "orders") < len(shoppers):
                pass
        async with narrow.engine.connect() as connection:
            ids = (await connection.execute(text("SELECT id FROM orders"))).scalars().all()
        await hear(*(reserved(order_id) for order_id in ids))
        answers = [(await task).json()["status"] for task in waiting]
    await narrow.close()
    assert answers == ["awaiting_payment"] * 5


async def test_who_waits_in_vain_gets_the_order_as_it_is(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.put(mug)
    answer = await shopper.try_checkout(wait=1)
    assert (answer.status_code, answer.json()["status"]) == (202, "placed")
    assert answer.headers["Preference-Applied"] == "wait=1"


# --- speed -------------------------------------------------------------------------------------


async def statements(service: Service, work: Awaitable[Any]) -> int:
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        seen.append(arguments[2])

    engine = service.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    try:
        _ = await work
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", note)
    return len(seen)


async def test_a_line_costs_four_statements_and_a_checkout_seven_to_commit(
    service: Service, shopper: Shopper, mug: UUID
) -> None:
    _ = await shopper.open()
    assert await statements(service, shopper.put(mug)) == 4
    # Seven until the commit, and one that reads the answer.
    assert await statements(service, shopper.checkout()) == 8


async def test_many_lines_cost_no_more_statements_than_one(
    service: Service, shopper: Shopper, hear: Hear, mug: UUID
) -> None:
    variants = [a_variant(sku=str(number)) for number in range(20)]
    await hear(a_product(*variants))
    for variant in variants:
        _ = await shopper.put(variant.variant_id)
    assert await statements(service, shopper.checkout()) == 8
