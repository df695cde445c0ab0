"""Reservations over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx

from inventory.model.ids import VariantId
from inventory.testing import an_order, cancelled, on_the_shelf
from wareflow_events.transaction import Transactions

RESERVATIONS = "/inventory/v1/reservations"
Hear = Callable[..., Awaitable[None]]


async def test_an_order_shows_what_is_held_for_it_until_it_ends(
    http: httpx.AsyncClient, transactions: Transactions, hear: Hear, mug: VariantId
) -> None:
    await on_the_shelf(transactions, mug, 5)
    order = an_order({mug: 2})
    await hear(order)
    held = (await http.get(f"{RESERVATIONS}/{order.order_id}")).json()
    (line,) = held["lines"]
    assert (held["state"], held["ended_at"]) == ("reserved", None)
    assert (line["line_id"], line["quantity"]) == (str(order.lines[0].line_id), 2)
    await hear(cancelled(order))
    ended = (await http.get(f"{RESERVATIONS}/{order.order_id}")).json()
    assert (ended["state"], ended["lines"][0]["state"]) == ("released", "released")
    assert ended["ended_at"] is not None


async def test_an_order_that_was_short_holds_nothing(
    http: httpx.AsyncClient, hear: Hear, mug: VariantId
) -> None:
    order = an_order({mug: 2})
    await hear(order)
    held = (await http.get(f"{RESERVATIONS}/{order.order_id}")).json()
    assert (held["state"], held["lines"]) == ("short", [])


async def test_an_order_that_was_not_heard_of_is_not_found_yet(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{RESERVATIONS}/{uuid4()}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (404, "1")


async def test_who_prefers_to_wait_gets_an_order_that_is_heard_of_meanwhile(
    http: httpx.AsyncClient, hear: Hear, mug: VariantId
) -> None:
    order = an_order({mug: 2})
    asked = asyncio.create_task(
        http.get(f"{RESERVATIONS}/{order.order_id}", headers={"Prefer": "wait=10"})
    )
    await hear(order)
    answer = await asked
    assert (answer.status_code, answer.json()["state"]) == (200, "short")
