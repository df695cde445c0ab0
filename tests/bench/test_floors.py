"""The floors answer what the shop answers, so that beside them it is measured fairly."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from bench.data.catalogue import variant_id
from bench.data.fill import fill_catalogue
from bench.data.ids import made
from bench.data.words import queries
from bench.floors import orders, same_rows
from bench.floors.product_sql import SEARCH
from bench.measures.orders import make_floor

from catalog.testing import Shop, open_shop
from wareflow_kit.testing import client, shared_server


@pytest.fixture(scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Shop]:
    """A catalogue with thirty products."""
    async with open_shop(import_folder=tmp_path_factory.mktemp("imports")) as shop:
        await fill_catalogue({"catalog": shop.url}, range(30))
        yield shop


@pytest.fixture(scope="module")
async def rows(shop: Shop) -> AsyncGenerator[httpx.AsyncClient]:
    """The floor program over the catalogue's own database."""
    async with client(same_rows.build(shop.url)) as http:
        yield http


async def test_generated_products_hold_the_catalogues_promises(shop: Shop) -> None:
    assert await shop.broken_promises() == []


@pytest.mark.parametrize("number", range(4))
async def test_a_bare_product_is_the_same_as_the_shops(
    shop: Shop, rows: httpx.AsyncClient, number: int
) -> None:
    path = f"/catalog/v1/products/{made('product', number)}"
    assert (await rows.get(path)).json() == (await shop.guest.get(path)).json()


async def test_bare_lists_are_the_same_as_the_shops_page_by_page(
    shop: Shop, rows: httpx.AsyncClient
) -> None:
    path: str | None = "/catalog/v1/products"
    pages = 0
    while path is not None:
        mine, bare = (await shop.guest.get(path)).json(), (await rows.get(path)).json()
        assert bare == mine
        pages += 1
        path = f"/catalog/v1/products?after={mine['next']}" if mine["next"] else None
    assert pages == 2


async def test_the_bare_search_finds_what_the_shop_finds(shop: Shop) -> None:
    connection = await asyncpg.connect(shop.url)
    found: list[Any] = []
    for words in queries():
        bare = await connection.fetch(SEARCH.format(words=words))
        mine = await shop.get("/search", q=words)
        if mine["corrected"] is None:
            assert {str(row["id"]) for row in bare} == {item["id"] for item in mine["items"]}
            found += bare
    await connection.close()
    assert found


@pytest.fixture
async def bare_orders() -> AsyncGenerator[httpx.AsyncClient]:
    """The floor program of orders, with ten products."""
    url = await make_floor(shared_server().url(), f"floor_{uuid4().hex[:8]}", range(10), units=2)
    async with client(orders.build(url)) as http:
        yield http


async def _checked_out(http: httpx.AsyncClient, variant: str) -> dict[str, Any]:
    cart = (await http.post("/orders/v1/carts", json={})).json()
    path = f"/orders/v1/carts/{cart['id']}"
    _ = await http.post(f"{path}/lines", json={"variant_id": variant, "quantity": 1})
    filled = await http.patch(path, json={"email": "a@example.com", "shipping_address": {}})
    assert filled.json()["total"]["amount"] > 490
    return (await http.post(f"{path}/checkout", json={})).json()


async def test_a_bare_order_that_is_paid_is_confirmed(bare_orders: httpx.AsyncClient) -> None:
    placed = await _checked_out(bare_orders, str(variant_id(3)))
    payment = (await bare_orders.get(f"/payments/v1/payments/{placed['id']}")).json()
    intent = payment["client_secret"].partition("_secret_")[0]
    _ = await bare_orders.post(f"/sandbox/v1/payment_intents/{intent}/confirm")
    order = (await bare_orders.get(f"/orders/v1/orders/{placed['id']}")).json()
    assert order["status"] == "confirmed"
    assert order["lines"][0]["quantity"] == 1


async def test_the_bare_shop_does_not_oversell(bare_orders: httpx.AsyncClient) -> None:
    scarce = str(variant_id(9))
    statuses = [(await _checked_out(bare_orders, scarce))["status"] for _ in range(3)]
    assert statuses == ["awaiting_payment", "awaiting_payment", "cancelled"]
