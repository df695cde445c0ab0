"""A running shop, and what callers ask it for: things that somebody owns."""

import re
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from tests.integration.story import Story, eventually, new_product

from wareflow.configuration import (
    CRM_ISSUER,
    ORDERS_ISSUER,
    STAFF_ISSUER,
    STAFF_SCOPES,
)
from wareflow.embedded import Options, embedded
from wareflow.shop import Placed
from wareflow_kit.auth import Issuer

Things = Mapping[str, Any]

_MANY = 100_000_000
_NO_LIMITS: dict[str, dict[str, Any]] = {
    "orders": {"public_writes_per_minute": _MANY, "lookups_per_minute": _MANY},
    "analytics": {"collect_per_minute": _MANY},
}
"""Everything comes from one address, which a shop would rightly slow down."""
_HOUR = timedelta(hours=1)


@cache
def _issuer(path: Path, url: str, audience: str) -> Issuer:
    return Issuer.from_file(path, url, audience)


@dataclass(frozen=True)
class Keys:
    """The keys of a shop's issuers."""

    folder: Path

    def _issuer(self, name: str, url: str, audience: str = "wareflow") -> Issuer:
        return _issuer(self.folder / f"{name}.pem", url, audience)

    @property
    def staff(self) -> Issuer:
        """Who vouches for staff."""
        return self._issuer("staff", STAFF_ISSUER)

    def staff_for(self, audience: str) -> Issuer:
        """The same, for another house."""
        return self._issuer("staff", STAFF_ISSUER, audience)

    @property
    def customers(self) -> Issuer:
        """Who vouches for customers."""
        return self._issuer("crm", CRM_ISSUER)

    @property
    def orders(self) -> Issuer:
        """Who vouches for the bearers of orders."""
        return self._issuer("orders", ORDERS_ISSUER)

    @property
    def webhooks(self) -> str:
        """What the gateway signs with."""
        return (self.folder / "webhook.secret").read_text()

    @property
    def scopes(self) -> list[str]:
        """All that staff may be allowed."""
        return [*STAFF_SCOPES]

    def staff_token(self, *scopes: str) -> str:
        """A token of staff with those scopes."""
        return self.staff.sign("ada", scopes=scopes, ttl=_HOUR, kind="staff")

    def customer_token(self) -> str:
        """A token of a customer whom nobody knows yet."""
        return self.customers.sign(str(uuid4()), ttl=_HOUR, kind="customer")


@dataclass(frozen=True)
class Deed:
    """Things, with the tokens of those whose they are and of those whose they are not."""

    things: Things
    email: str
    """The owner's; whoever else sees it was told too much."""
    customer_token: str
    other_customer_token: str
    cart_token: str = ""
    other_cart_token: str = ""
    order_token: str = ""
    other_order_token: str = ""


_GOES_ON = "UPDATE product_import SET status = 'running', ended_at = NULL WHERE id = $1"


class World:
    """A running shop that makes things of every kind."""

    def __init__(self, story: Story, data: Path) -> None:
        self.story = story
        self.keys = Keys(data / "keys")
        self._mails = data / "mails"
        self._variant = ""

    @property
    def http(self) -> httpx.AsyncClient:
        """The client of the shop."""
        return self.story.shop.http

    def base(self, service: str) -> str:
        """Where a service is."""
        return self.story.running.services[service]

    async def deed(self) -> Deed:
        """New things of a new customer."""
        self._variant = self._variant or await self.story.product(stock=1_000_000)
        deed = Deed({}, "", "", self.keys.customer_token())
        for make in (self._owner, self._order, self._cart):
            deed = await make(deed)
        hooks = await self.story.staff.call("GET", "/payments/v1/webhooks")
        once = {"webhook_id": hooks["items"][0]["id"], "import_id": await self._import()}
        once["channel_id"] = await self._channel()
        going_on = {"catalog_cancel_one_import": {"import_id": await self._import(going_on=True)}}
        return replace(deed, things={**deed.things, **await self._goods(), **once, **going_on})

    async def renewed(self, deed: Deed, names: Collection[str]) -> Deed:
        """The deed with new things of those names, still of the same owner unless it is them."""
        if "customer_id" in names:
            deed = await self._owner(deed)
        if "cart_id" in names:
            deed = await self._cart(deed)
        if "order_id" in names:
            deed = await self._order(deed)
        goods = {"product_id", "variant_id", "media_id", "category_id", "location_id"}
        made = await self._goods() if goods & {*names} else {}
        return replace(deed, things={**deed.things, **made, **unique()})

    async def _owner(self, deed: Deed) -> Deed:
        email, password = f"{uuid4().hex}@example.com", uuid4().hex
        account = {"email": email, "password": password, "name": "Grace"}
        opened = await self.story.shop.call(
            "POST", "/crm/v1/accounts", json=account, headers=from_somewhere()
        )
        owner = opened.json()
        things = {
            "customer_id": owner["customer_id"],
            "crm_sign_in": {"email": email, "password": password},
        }
        return replace(
            deed,
            things={**deed.things, **things, **unique()},
            email=email,
            customer_token=owner["access_token"],
        )

    async def mailed(self, deed: Deed) -> Deed:
        """The deed with the secrets that were mailed to its owner."""
        _ = await self.story.shop.call(
            "POST",
            "/crm/v1/accounts/forgotten-password",
            json={"email": deed.email},
            headers=from_somewhere(),
        )
        verify, reset = await eventually(lambda: self._links(deed.email), all)
        links = {"crm_verify_email": {"token": verify}, "crm_reset_password": {"token": reset}}
        return replace(deed, things={**deed.things, **links})

    async def _links(self, email: str) -> tuple[str, str]:
        """The secrets of the two links that were mailed to somebody: to verify, to reset."""
        found: dict[str, str] = {}
        for path in self._mails.glob("*.eml"):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            if mail["To"] == email:
                text = mail.get_content()
                if link := re.search(r"/([\w-]+)\?token=([\w-]+)", text):
                    found[link[1]] = link[2]
        return found.get("verify", ""), next((t for k, t in found.items() if k != "verify"), "")

    async def _cart(self, deed: Deed) -> Deed:
        shop = self.story.shop
        cart = await shop.add(await shop.open_cart(bearer=deed.customer_token), self._variant)
        cart = await shop.fill_in(cart, email=deed.email)
        things = {
            "cart_id": cart.id,
            "line_id": cart.body["lines"][0]["line_id"],
            "orders_checkout_cart": {"expected_total": cart.total},
        }
        other = deed.other_cart_token or (await shop.open_cart()).token
        return replace(
            deed,
            things={**deed.things, **things},
            cart_token=cart.token,
            other_cart_token=other,
        )

    async def _order(self, deed: Deed) -> Deed:
        """A confirmed order of the customer, and one that was nobody's but a guest's."""
        order = await self._placed(deed.customer_token, deed.email)
        _ = await self.story.shop.pay(order)
        _ = await self.story.shop.until(order, "confirmed")
        things = {**deed.things, "order_id": order.id}
        other = deed.other_order_token
        if not other:
            guest = await self._placed(None, "guest@example.com")
            found = {"number": guest.body["number"], "email": "guest@example.com"}
            things |= {"orders_look_up_order": found}
            other = guest.token
        return replace(deed, things=things, order_token=order.token, other_order_token=other)

    async def _placed(self, customer: str | None, email: str) -> Placed:
        shop = self.story.shop
        cart = await shop.add(await shop.open_cart(bearer=customer), self._variant)
        placed = await shop.checkout(await shop.fill_in(cart, email=email))
        return await shop.until(placed, "awaiting_payment")

    async def _goods(self) -> dict[str, Any]:
        name = f"Thing {uuid4().hex[:12]}"
        body = new_product(name, 2500, shipped=True)
        first: dict[str, Any] = body["variants"][0]
        first["options"] = {"Size": "S"}
        body["variants"] = [first, {**first, "sku": None, "options": {"Size": "M"}}]
        body["media"] = [{"url": "https://example.com/thing.jpg"}]
        body["translations"] = [{"locale": "fr", "slug": f"chose-{uuid4().hex}", "title": "Chose"}]
        made = await self._staff("POST", "/catalog/v1/products", json=body)
        category = await self._staff("POST", "/catalog/v1/categories", json={"name": name})
        place = await self._staff("POST", "/inventory/v1/locations", json={"name": name})
        terms: dict[str, Any] = made["terms"]
        variant_id: str = terms["variants"][0]["id"]
        _ = await eventually(
            lambda: self._known(variant_id), lambda sku: sku == first["sku"], within=30
        )
        return {
            "product_id": made["id"],
            "variant_id": variant_id,
            "sku": first["sku"],
            "media_id": terms["media"][0]["id"],
            "slug": terms["slug"],
            "catalog_read_category_by_slug": {"slug": category["slug"]},
            "locale": "fr",
            "category_id": category["id"],
            "location_id": place["id"],
        }

    async def _known(self, variant_id: str) -> str:
        """Under which SKU inventory knows a variant."""
        levels = await self.story.staff.call(
            "GET", "/inventory/v1/levels", params={"variant_id": variant_id}
        )
        return "".join(level["sku"] for level in levels["items"])

    async def _staff(self, method: str, path: str, **more: Any) -> Any:
        return await self.story.staff.call(
            method, path, headers={"Idempotency-Key": str(uuid4())}, **more
        )

    async def _channel(self) -> str:
        terms = {
            "name": "Spare",
            "currency": "EUR",
            "locale": "en",
            "countries": ["DE"],
            "prices_include_tax": True,
            "time_zone": "Europe/Berlin",
        }
        _ = await self._staff("PUT", "/catalog/v1/channels/spare", json=terms)
        return "spare"

    async def _import(self, *, going_on: bool = False) -> str:
        file = "Handle,Title,Variant Price\nmug,Mug,12.50\n"
        headers = {"Content-Type": "text/csv"}
        report = await self.story.staff.call(
            "POST", "/catalog/v1/imports", content=file, headers=headers
        )
        if going_on:  # a file that takes long enough would take too long
            connection = await asyncpg.connect(self.story.running.database("wareflow_catalog"))
            _ = await connection.execute(_GOES_ON, UUID(report["id"]))
            await connection.close()
        return report["id"]


def unique() -> dict[str, Any]:
    """What there can be only one of, new each time, for the operations that make it."""
    mark = uuid4().hex
    return {
        "catalog_post_category": {"name": f"Shirts {mark}"},
        "catalog_put_translation": {"slug": f"t-shirt-{mark}"},
        "catalog_replace_product": {"slug": f"harbour-tee-{mark}"},
        "inventory_add_location": {"name": f"Warehouse {mark}"},
        "crm_register": {"email": f"{mark}@example.com"},
    }


def from_somewhere() -> dict[str, str]:
    """A header that makes a request another client's, for the limits."""
    spot = uuid4().bytes
    return {"X-Forwarded-For": f"10.{spot[0]}.{spot[1]}.{spot[2]}"}


@asynccontextmanager
async def running_world(data: Path) -> AsyncGenerator[World]:
    """A shop of its own in this process, until the block ends."""
    options = Options(data=data, port=0, fsync=False, overrides=_NO_LIMITS)
    died: list[str] = []
    async with (
        embedded(
            options, say=lambda _: None, on_fatal=lambda part, error: died.append(f"{part} {error}")
        ) as running,
        httpx.AsyncClient(timeout=60) as http,
    ):
        yield World(await Story.of(running, http), data)
    assert not died
