"""A shopper at the front door: a cart, its token, and what they do with it over HTTP."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx

from orders.testing.basics import ADDRESS

Json = dict[str, Any]


class Shopper:
    """Somebody who shops in a channel, signed in if they have a bearer token."""

    def __init__(self, http: httpx.AsyncClient, *, bearer: str | None = None) -> None:
        self.http = http
        self.cart: Json = {}
        self.headers: dict[str, str] = {"Authorization": f"Bearer {bearer}"} if bearer else {}

    @property
    def path(self) -> str:
        """Where the cart is."""
        return f"/orders/v1/carts/{self.cart['id']}"

    async def open(self, **body: Any) -> Json:
        """Open a cart and keep its token."""
        answer = await self.http.post("/orders/v1/carts", json=body, headers=self.headers)
        self.cart = _good(answer)
        self.headers["X-Cart-Token"] = self.cart["token"]
        return self.cart

    async def put(self, variant_id: UUID, quantity: int = 1) -> Json:
        """Put units into the cart, opening one first if there is none."""
        if not self.cart:
            _ = await self.open()
        line = {"variant_id": str(variant_id), "quantity": quantity}
        self.cart = _good(await self.send("POST", "/lines", json=line))
        return self.cart

    async def look(self) -> Json:
        """The cart as it is now."""
        self.cart = _good(await self.send("GET"))
        return self.cart

    async def say(self, **details: Any) -> Json:
        """Tell who buys and where it goes."""
        self.cart = _good(await self.send("PATCH", json=details))
        return self.cart

    async def send(
        self, method: str, part: str = "", *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """Any request about the cart."""
        all_headers = {**self.headers, **(headers or {})}
        return await self.http.request(method, self.path + part, headers=all_headers, **more)

    async def try_checkout(
        self, *, key: str | None = None, wait: float = 0, **body: Any
    ) -> httpx.Response:
        """Check out at the total last seen; `body` replaces or adds what is sent."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        if wait:
            headers["Prefer"] = f"wait={wait:g}"
        said = {
            "email": "grace@example.com",
            "shipping_address": ADDRESS,
            "expected_total": self.cart["total"],
            **body,
        }
        return await self.send("POST", "/checkout", headers=headers, json=said)

    async def checkout(self, *, key: str | None = None, **body: Any) -> Json:
        """Check out; the order with its token."""
        return _good(await self.try_checkout(key=key, **body))

    async def order(self, order: Json, part: str = "", **more: Any) -> httpx.Response:
        """Ask about an order by its token; `method="POST"` to do something to it."""
        method = more.pop("method", "GET")
        headers = {"Authorization": f"Bearer {order['order_token']}", **more.pop("headers", {})}
        path = f"/orders/v1/orders/{order['id']}{part}"
        return await self.http.request(method, path, headers=headers, **more)


def _good(answer: httpx.Response) -> Json:
    if answer.is_error:
        raise AssertionError(f"{answer.status_code} {answer.text}")
    return answer.json()
