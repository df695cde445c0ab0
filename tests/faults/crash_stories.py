"""What people do in the shop while it crashes; each story ends as if nothing had happened."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any
from uuid import uuid4

from tests.faults.crash import CrashShop
from tests.integration.story import Story, eventually

from wareflow.house import House
from wareflow.shop import Placed, Refused

LONG = 40.0
"""Seconds; a crash and the next start are in between."""


@dataclass
class Tale:
    """Where the stories are told: a shop that dies, its staff, and one thing to sell."""

    process: CrashShop
    story: Story
    house: House
    variant: str

    async def order(self) -> Placed:
        """An order that waits for its payment."""
        cart = await self.story.cart(self.variant)
        placed = await self.story.shop.checkout(cart, wait=2)
        return await self.story.shop.until(placed, "awaiting_payment", within=LONG)

    async def due(self, order: Placed) -> dict[str, Any]:
        """What a browser needs to pay, as soon as there is a secret."""

        async def look() -> dict[str, Any]:
            try:
                return await self.story.shop.payment(order, wait=5)
            except Refused as refused:
                if refused.slug != "unknown-payment":
                    raise
                return {"client_secret": None}  # payments has not heard of the order yet

        return await eventually(look, lambda seen: seen["client_secret"] is not None, within=LONG)

    async def pay(self, order: Placed, method: str = "pm_card_visa") -> Placed:
        """Pay, also if the answer to the first try was lost; the order, confirmed."""
        try:
            _ = await self.story.shop.confirm(await self.due(order), method)
        except Refused as refused:
            if refused.problem["error"]["code"] != "payment_intent_unexpected_state":
                raise
        return await self.story.shop.until(order, "confirmed", within=LONG)

    async def cancel(self, order: Placed) -> Placed:
        """The customer wants out, and says so again if there was no answer."""
        with suppress(Refused):
            _ = await self.story.shop.cancel(order)
        return await self.story.shop.until(order, "cancelled", within=LONG)

    async def fulfil(self, order: Placed) -> None:
        """Hand it to the carrier."""
        try:
            await self.story.staff.fulfil(order.id)
        except Refused as refused:
            if refused.slug != "order-closed":
                raise

    async def has_its_money_back(self, order: Placed) -> None:
        """Wait until all that was captured was refunded."""
        _ = await eventually(
            lambda: self.story.payment(order),
            lambda seen: seen["captured"]["amount"] > 0 and seen["captured"] == seen["refunded"],
            within=LONG,
        )

    async def change(self, service: str, statement: str) -> None:
        """Do to a service's database what nobody but the world outside does."""
        async with self.house.engines[service].begin() as connection:
            _ = await connection.exec_driver_sql(statement)

    async def count(self, service: str, statement: str) -> int:
        """What a query for one number says."""
        async with self.house.engines[service].connect() as connection:
            return (await connection.exec_driver_sql(statement)).scalar_one()

    async def until_count(self, service: str, statement: str, number: int) -> None:
        """Wait until the query says so."""
        _ = await eventually(
            lambda: self.count(service, statement), lambda seen: seen == number, within=LONG
        )


async def pays(tale: Tale) -> None:
    """An order is paid."""
    _ = await tale.pay(await tale.order())


async def is_declined_first(tale: Tale) -> None:
    """The first card is declined, the second one pays."""
    order = await tale.order()
    payment = await tale.due(order)
    with suppress(Refused):
        _ = await tale.story.shop.confirm(payment, "pm_card_visa_chargeDeclined")
    _ = await tale.pay(order)


async def cancels_unpaid(tale: Tale) -> None:
    """The customer wants out before paying."""
    _ = await tale.cancel(await tale.order())


async def cancels_paid(tale: Tale) -> None:
    """The customer wants out after paying, and gets the money back."""
    order = await tale.pay(await tale.order())
    _ = await tale.cancel(order)
    await tale.has_its_money_back(order)


async def is_too_late(tale: Tale) -> None:
    """Nobody pays, and the deadline passes."""
    order = await tale.order()
    await tale.change("orders", f"UPDATE orders SET pay_by = now() WHERE id = '{order.id}'")
    order = await tale.story.shop.until(order, "cancelled", within=LONG)
    assert order.body["cancel_reason"] == "payment_deadline"


async def is_shipped(tale: Tale) -> None:
    """A paid order is handed to the carrier."""
    order = await tale.pay(await tale.order())
    await tale.fulfil(order)
    shipped = f"SELECT count(*) FROM reservation WHERE order_id='{order.id}' AND state='shipped'"
    await tale.until_count("inventory", shipped, 1)


async def units_come_in(tale: Tale) -> None:
    """Staff receives units: once, however often it is said."""
    there = "SELECT on_hand::int FROM stock_level WHERE variant_id = "
    there += f"'{tale.variant}'"
    before = await tale.count("inventory", there)
    await tale.story.staff.receive(tale.variant, 7)
    assert await tale.count("inventory", there) == before + 7


async def asks_to_be_forgotten(tale: Tale) -> None:
    """A customer whose order is done is erased everywhere."""
    mark = f"m{uuid4().hex}"
    cart = await tale.story.shop.add(await tale.story.shop.open_cart(), tale.variant)
    cart = await tale.story.shop.fill_in(cart, email=f"{mark}@example.com")
    placed = await tale.story.shop.checkout(cart, wait=2)
    order = await tale.story.shop.until(placed, "awaiting_payment", within=LONG)
    order = await tale.pay(order)
    await tale.fulfil(order)
    known = f"SELECT count(*) FROM customer WHERE email = '{mark}@example.com'"
    await tale.until_count("crm", known, 1)
    customer = order.body["customer_id"]
    _ = await tale.story.staff.call("POST", f"/crm/v1/customers/{customer}/erasure")
    _ = await eventually(
        lambda: tale.story.find(mark.encode()), lambda places: not places, within=LONG
    )


async def registers(tale: Tale) -> None:
    """Somebody opens an account and gets a mail."""
    email = f"{uuid4().hex}@example.com"
    body = {"email": email, "password": "correct horse battery staple"}
    with suppress(Refused):  # said twice: the address is taken, by ourselves
        _ = await tale.story.shop.call("POST", "/crm/v1/accounts", json=body)
    signed_in = await tale.story.shop.call("POST", "/crm/v1/sessions", json=body)
    customer = signed_in.json()["customer_id"]
    sent = "SELECT count(*) FROM mail WHERE sent_at IS NOT NULL AND customer_id = "
    await tale.until_count("crm", sent + f"'{customer}'", 1)


async def is_watched(tale: Tale) -> None:
    """What a visitor does is collected, once."""
    activity = {
        "event_id": str(uuid4()),
        "name": "view_item",
        "visitor_id": "crash",
        "occurred_at": datetime.now(UTC).isoformat(),
        "items": [{"item_id": tale.variant, "variant_id": tale.variant}],
        "test": True,
    }
    await tale.story.shop.collect([activity])
    kept = "SELECT count(*) FROM activity WHERE activity_id = "
    assert await tale.count("analytics", kept + f"'{activity['event_id']}'") == 1


async def imports_products(tale: Tale) -> None:
    """Staff imports a file, and once more if that was cut off: each product is there once."""
    sheet = (files("catalog") / "sample" / "products.csv").read_text()
    before = await tale.count("catalog", "SELECT count(*) FROM product")
    report: dict[str, Any] = {}
    for _ in range(2):
        report = await tale.story.staff.call(
            "POST", "/catalog/v1/imports", content=sheet, headers={"Content-Type": "text/csv"}
        )
    assert report["status"] == "finished"
    assert report["products"]["unchanged"] == sum(report["products"].values())
    after = await tale.count("catalog", "SELECT count(*) FROM product")
    assert after - before in (0, report["products"]["unchanged"])


async def is_short(tale: Tale) -> None:
    """Of two who want the last unit one gets it."""
    variant = await tale.story.product(stock=1)
    carts = [await tale.story.cart(variant) for _ in range(2)]
    placed = [await tale.story.shop.checkout(cart, wait=2) for cart in carts]
    ends = ("awaiting_payment", "cancelled")
    orders = [await tale.story.shop.until(order, *ends, within=LONG) for order in placed]
    assert [order.status for order in orders] == list(ends)


async def changes_a_product(tale: Tale) -> None:
    """A product is made and can be bought: every copy of it follows."""
    _ = await tale.story.product(stock=3)


@asynccontextmanager
async def lost_webhooks(tale: Tale) -> AsyncGenerator[None]:
    """No webhook arrives meanwhile."""
    path = f"{tale.process.url}/sandbox/v1/_config/webhooks"
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    weather = {"delay_seconds": 3600}
    answer = await tale.story.shop.http.post(path, json=weather, headers=headers)
    assert answer.status_code == 200, answer.text
    try:
        yield
    finally:
        _ = await tale.story.shop.http.delete(path, headers=headers)


async def pays_unheard(tale: Tale) -> None:
    """No webhook tells of a payment: it is looked up."""
    order = await tale.order()
    async with lost_webhooks(tale):
        paying = asyncio.create_task(tale.pay(order))
        look = f"UPDATE payment SET look_at = now() WHERE order_id = '{order.id}'"
        while not paying.done():
            await tale.change("payments", look + " AND look_at > now()")
            _ = await asyncio.wait({paying}, timeout=0.5)
        _ = await paying


async def is_refunded_unheard(tale: Tale) -> None:
    """No webhook tells that a slow refund has arrived: it is looked up."""
    order = await tale.pay(await tale.order(), "pm_card_pendingRefund")
    async with lost_webhooks(tale):
        _ = await tale.cancel(order)
        refunding = asyncio.create_task(tale.has_its_money_back(order))
        look = f"UPDATE refund SET look_at = now() WHERE order_id = '{order.id}'"
        while not refunding.done():
            await tale.change("payments", look + " AND look_at > now()")
            _ = await asyncio.wait({refunding}, timeout=0.5)
        await refunding


async def meets_a_defect(tale: Tale) -> None:
    """An event cannot be applied until a defect is mended; then it is redriven."""
    email = f"{uuid4().hex}@example.com"
    known = f"SELECT count(*) FROM customer WHERE email = '{email}'"
    letters = "SELECT count(*) FROM dead_letter"
    await tale.change("crm", f"ALTER TABLE customer ADD CHECK (email <> '{email}') NOT VALID")
    cart = await tale.story.shop.add(await tale.story.shop.open_cart(), tale.variant)
    cart = await tale.story.shop.fill_in(cart, email=email)
    placed = await tale.story.shop.checkout(cart, wait=2)
    _ = await tale.story.shop.until(placed, "awaiting_payment", within=LONG)
    await tale.until_count("crm", letters, 1)
    assert await tale.count("crm", known) == 0
    await tale.change("crm", "ALTER TABLE customer DROP CONSTRAINT customer_email_check")
    await tale.process.run("deadletters", "redrive")
    assert await tale.count("crm", letters) == 0
    assert await tale.count("crm", known) == 1


async def is_rebuilt(tale: Tale) -> None:
    """A read model is made anew from the log, with the same rows."""
    rows = "SELECT count(*) FROM customer_order"
    _ = await tale.pay(await tale.order())
    before = await tale.count("crm", rows)
    await tale.process.run("rebuild", "crm.history")
    assert await tale.count("crm", rows) == before
