"""A shopper on lean connections: cart, lines, checkout, payment, until the order is confirmed.

The same requests go to the shop and to the floor program.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from bench.client import Answer, Connection, request
from bench.data.catalogue import variant_id
from bench.load import Round, Unexpected

_ADDRESS = {
    "name": "Grace Hopper",
    "line1": "Hauptstr. 1",
    "city": "Berlin",
    "postal_code": "10115",
    "country": "DE",
}
_WAIT = {"Prefer": "wait=20"}
FROM_CHECKOUT = "checkout to confirmed"


@dataclass
class Visits:
    """What shoppers did in a stretch of time."""

    orders: Round = field(default_factory=Round)
    """Each wait is of a whole order, from opening the cart to its confirmation."""
    steps: dict[str, Round] = field(default_factory=lambda: defaultdict[str, Round](Round))
    """Waits per kind of request, in the order they come."""


@dataclass(frozen=True)
class Ordered:
    """An order just after its checkout."""

    id: str
    token: str
    status: str
    etag: str | None = None


class Shopper:
    """Buys again and again; `services` says where each service is."""

    def __init__(self, services: Mapping[str, str], *, note: Callable[[str, float], None]) -> None:
        self._services = services
        self._note = note
        self._lines: dict[str, Connection] = {}

    def close(self) -> None:
        """Hang up."""
        for line in self._lines.values():
            line.close()

    async def fill_cart(self, variants: list[str]) -> tuple[str, dict[str, Any]]:
        """The path of a cart with one of each variant, ready to check out; and what it shows."""
        opened = await self._ask("open cart", "POST", "/orders/v1/carts", json={"test": True})
        cart = opened.json()
        path, key = f"/orders/v1/carts/{cart['id']}", {"X-Cart-Token": cart["token"]}
        for variant in variants:
            line = {"variant_id": variant, "quantity": 1}
            _ = await self._ask("add line", "POST", f"{path}/lines", headers=key, json=line)
        said = {"email": f"{uuid4().hex}@example.com", "shipping_address": _ADDRESS}
        filled = await self._ask("fill in", "PATCH", path, headers=key, json=said)
        return path, {**filled.json(), "token": cart["token"]}

    async def check_out(self, path: str, cart: Mapping[str, Any]) -> Ordered:
        """Order it, and wait until it is the shopper's turn."""
        headers = {"X-Cart-Token": cart["token"], "Idempotency-Key": str(uuid4()), **_WAIT}
        said = {"expected_total": cart["total"]}
        placed = await self._ask("checkout", "POST", f"{path}/checkout", headers=headers, json=said)
        body = placed.json()
        order = Ordered(body["id"], body["order_token"], body["status"])
        while order.status == "placed":
            order = await self._follow(order)
        return order

    async def pay(self, order: Ordered) -> Ordered:
        """Pay as a browser does, and wait for the confirmation."""
        headers = _bearer(order.token) | _WAIT
        path = f"/payments/v1/payments/{order.id}"
        payment = (await self._ask("read payment", "GET", path, headers=headers)).json()
        gateway = urlsplit(str(payment["gateway_url"]))
        intent = str(payment["client_secret"]).partition("_secret_")[0]
        _ = await self._ask(
            *("pay", "POST", f"{gateway.path}/v1/payment_intents/{intent}/confirm"),
            headers=_bearer(payment["publishable_key"]),
            form=f"client_secret={payment['client_secret']}&payment_method=pm_card_visa",
        )
        while order.status == "awaiting_payment":
            order = await self._follow(order)
        return order

    async def _follow(self, order: Ordered) -> Ordered:
        headers = _bearer(order.token) | _WAIT
        if order.etag:
            headers["If-None-Match"] = order.etag
        path = f"/orders/v1/orders/{order.id}"
        answer = await self._ask("follow order", "GET", path, headers=headers)
        if answer.status == 304:
            return order
        return Ordered(order.id, order.token, answer.json()["status"], answer.etag)

    async def _ask(self, step: str, method: str, path: str, **more: Any) -> Answer:
        address = self._services[path.split("/", 2)[1]]
        line = self._lines.setdefault(address, Connection(address))
        began = time.perf_counter()
        answer = await line.ask(request(method, path, **more))
        self._note(step, time.perf_counter() - began)
        if answer.status >= 400:
            raise Unexpected(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        return answer


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def crowd(
    services: Mapping[str, str],
    *,
    at_once: int,
    seconds: float,
    most: int | None,
    products: int,
    seed: int,
) -> Visits:
    """So many shoppers buy for so many seconds (or `most` orders each)."""
    found = Visits()
    chance = random.Random(seed)

    def note(step: str, took: float) -> None:
        found.steps[step].waits.append(took)

    async def one() -> None:
        shopper = Shopper(services, note=note)
        bought = 0
        try:
            while (time.perf_counter() < until) if most is None else (bought < most):
                await _buy(shopper, found, chance, products)
                bought += 1
        finally:
            shopper.close()

    began = time.perf_counter()
    until = began + seconds
    _ = await asyncio.gather(*(one() for _ in range(at_once)))
    found.orders.seconds = time.perf_counter() - began
    return found


async def _buy(shopper: Shopper, found: Visits, chance: random.Random, products: int) -> None:
    began = time.perf_counter()
    wanted = [str(variant_id(number)) for number in chance.sample(range(products), 2)]
    path, cart = await shopper.fill_cart(wanted)
    checked_out = time.perf_counter()
    order = await shopper.check_out(path, cart)
    if order.status == "cancelled":
        return  # sold out meanwhile: not what is counted
    order = await shopper.pay(order)
    if order.status != "confirmed":
        raise Unexpected(f"a paid order is {order.status}")
    done = time.perf_counter()
    found.orders.waits.append(done - began)
    found.steps[FROM_CHECKOUT].waits.append(done - checked_out)
