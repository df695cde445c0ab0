"""The shop's public API, as a storefront and a browser use it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from wareflow.state import Running

ADDRESS: dict[str, Any] = {
    "name": "Grace Hopper",
    "line1": "Hauptstr. 1",
    "city": "Berlin",
    "postal_code": "10115",
    "country": "DE",
}


class Refused(RuntimeError):
    """The shop said no; `problem` is its problem document, or Stripe's error."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {problem}")
        self.status = status
        self.problem = problem

    @property
    def slug(self) -> str:
        """The stable end of the problem's type."""
        return str(self.problem.get("type", "")).rpartition("/")[2]


@dataclass
class Cart:
    """A cart and the token that opens it."""

    id: str
    token: str
    body: dict[str, Any]

    @property
    def total(self) -> dict[str, Any]:
        """What it comes to just now."""
        return self.body["total"]


@dataclass
class Placed:
    """An order, its token, and its newest state."""

    body: dict[str, Any]
    token: str
    etag: str | None = field(default=None)

    @property
    def id(self) -> str:
        """The order's id."""
        return self.body["id"]

    @property
    def status(self) -> str:
        """The order's status."""
        return self.body["status"]


class Shop:
    """Calls the public endpoints; raises `Refused` for any answer that is not a success."""

    def __init__(self, http: httpx.AsyncClient, services: Mapping[str, str]) -> None:
        self.http = http
        self._services = services

    @classmethod
    def of(cls, running: Running, http: httpx.AsyncClient) -> "Shop":
        """The shop that runs."""
        return cls(http, running.services)

    async def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """A request to the service whose path it is."""
        url = self._services[path.split("/", 2)[1]] + path
        answer = await self.http.request(method, url, headers=headers, **more)
        if answer.status_code >= 400:
            raise Refused(answer.status_code, _read(answer))
        return answer

    async def products(
        self, *, limit: int = 24, after: str | None = None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """A page of the list, and where the next begins."""
        params: dict[str, Any] = {"limit": limit} | ({"after": after} if after else {})
        body = (await self.call("GET", "/catalog/v1/products", params=params)).json()
        return body["items"], body["next"]

    async def product(self, product_id: str) -> dict[str, Any]:
        """A product's page: content, prices and availability."""
        return (await self.call("GET", f"/catalog/v1/products/{product_id}")).json()

    async def search(self, term: str) -> list[dict[str, Any]]:
        """What a search finds."""
        answer = await self.call("GET", "/catalog/v1/search", params={"q": term})
        return answer.json()["items"]

    async def open_cart(
        self, *, visitor_id: str | None = None, test: bool = False, bearer: str | None = None
    ) -> Cart:
        """A new cart."""
        body = {"attribution": {"visitor_id": visitor_id}, "test": test}
        headers = _bearer(bearer) if bearer else {}
        opened = (await self.call("POST", "/orders/v1/carts", json=body, headers=headers)).json()
        return Cart(opened["id"], opened["token"], opened)

    async def add(self, cart: Cart, variant_id: str, quantity: int = 1) -> Cart:
        """Put units in."""
        line = {"variant_id": variant_id, "quantity": quantity}
        answer = await self.call(
            "POST",
            f"/orders/v1/carts/{cart.id}/lines",
            json=line,
            headers={"X-Cart-Token": cart.token},
        )
        cart.body = answer.json()
        return cart

    async def fill_in(
        self, cart: Cart, *, email: str, address: Mapping[str, Any] | None = None
    ) -> Cart:
        """Say who buys and where it goes, so that the total is the full one."""
        body = {"email": email, "shipping_address": dict(address or ADDRESS)}
        answer = await self.call(
            "PATCH", f"/orders/v1/carts/{cart.id}", json=body, headers={"X-Cart-Token": cart.token}
        )
        cart.body = answer.json()
        return cart

    async def checkout(
        self, cart: Cart, *, key: str | None = None, wait: float = 10, **body: Any
    ) -> Placed:
        """Order what is in the cart at the total that it shows."""
        answer = await self.call(
            "POST",
            f"/orders/v1/carts/{cart.id}/checkout",
            json={"expected_total": cart.total, **body},
            headers={
                "X-Cart-Token": cart.token,
                "Idempotency-Key": key or str(uuid4()),
                "Prefer": f"wait={wait:g}",
            },
        )
        placed = answer.json()
        return Placed(placed, placed["order_token"])

    async def follow(self, order: Placed, *, wait: float = 10) -> Placed:
        """The order's next news, or its state after `wait` seconds."""
        headers = _bearer(order.token) | {"Prefer": f"wait={wait:g}"}
        if order.etag:
            headers["If-None-Match"] = order.etag
        answer = await self.call("GET", f"/orders/v1/orders/{order.id}", headers=headers)
        if answer.status_code != 304:
            order.body = answer.json()
        order.etag = answer.headers.get("etag", order.etag)
        return order

    async def until(self, order: Placed, *statuses: str, within: float = 20) -> Placed:
        """Follow until it has one of the statuses; `TimeoutError` when that takes too long."""
        deadline = datetime.now(UTC).timestamp() + within
        while order.status not in statuses:
            left = deadline - datetime.now(UTC).timestamp()
            if left <= 0:
                raise TimeoutError(f"order {order.body['number']} is still {order.status}")
            _ = await self.follow(order, wait=min(5.0, max(left, 0.1)))
        return order

    async def cancel(self, order: Placed) -> Placed:
        """The customer wants out."""
        path = f"/orders/v1/orders/{order.id}/cancel"
        order.body = (await self.call("POST", path, headers=_bearer(order.token))).json()
        return order

    async def payment(self, order: Placed, *, wait: float = 10) -> dict[str, Any]:
        """What a browser needs to pay."""
        headers = _bearer(order.token) | {"Prefer": f"wait={wait:g}"}
        path = f"/payments/v1/payments/{order.id}"
        return (await self.call("GET", path, headers=headers)).json()

    async def confirm(self, payment: Mapping[str, Any], method: str) -> dict[str, Any]:
        """Pay at the gateway as a browser does; `Refused` with Stripe's error on a decline."""
        secret = str(payment["client_secret"])
        intent = secret.partition("_secret_")[0]
        answer = await self.http.post(
            f"{payment['gateway_url']}/v1/payment_intents/{intent}/confirm",
            data={"client_secret": secret, "payment_method": method},
            headers=_bearer(str(payment["publishable_key"])) | {"Idempotency-Key": str(uuid4())},
        )
        if answer.status_code >= 400:
            raise Refused(answer.status_code, _read(answer))
        return answer.json()

    async def pay(self, order: Placed, method: str = "pm_card_visa") -> dict[str, Any]:
        """Fetch the secret and pay."""
        return await self.confirm(await self.payment(order), method)

    async def collect(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Send what the visitor did."""
        _ = await self.call("POST", "/analytics/v1/collect", json={"events": list(events)})


class Staff:
    """The endpoints that need a staff token."""

    def __init__(self, shop: Shop, token: str) -> None:
        self.shop = shop
        self._headers = _bearer(token)

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """A request as staff; the body of its answer."""
        headers = self._headers | dict(more.pop("headers", {}))
        answer = await self.shop.call(method, path, headers=headers, **more)
        return answer.json() if answer.content else None

    async def receive(self, variant_id: str | UUID, quantity: int) -> None:
        """Units came in."""
        _ = await self.call(
            "POST",
            "/inventory/v1/receipts",
            json={"variant_id": str(variant_id), "quantity": quantity},
            headers={"Idempotency-Key": str(uuid4())},
        )

    async def open_stock(
        self, items: Sequence[Mapping[str, Any]], *, key: str, reference: str
    ) -> list[dict[str, Any]]:
        """Opening quantities; what became of each."""
        body = {"items": list(items), "reference": reference}
        made = await self.call(
            "POST", "/inventory/v1/openings", json=body, headers={"Idempotency-Key": key}
        )
        return made["results"]

    async def fulfil(self, order_id: str) -> None:
        """Everything was handed to the carrier."""
        path = f"/orders/v1/orders/{order_id}/fulfil"
        _ = await self.call("POST", path, json={"carrier": "DHL"})


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _read(answer: httpx.Response) -> dict[str, Any]:
    try:
        body: Any = answer.json()
        return {**body}
    except (ValueError, TypeError):
        return {"detail": answer.text[:500]}
