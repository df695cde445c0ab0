"""Nobody's words and no secret are anywhere but where they are declared to be; then they are gone.

A marked person buys, registers and mistypes, while constraints break and events cannot be read; the
tests look for the marks in whatever the shop wrote meanwhile.
"""

import asyncio
import json
import re
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.hostile.marked import CONTACT_TOPICS, PERSON, Marked, address, marked_shop
from tests.integration.story import eventually

from wareflow.house import SERVICES, open_house
from wareflow.settling import settle
from wareflow.shop import Cart, Placed, Refused
from wareflow.state import database_name
from wareflow_events.clock import utc_now
from wareflow_events.envelope import Envelope, to_record
from wareflow_events.ids import new_id
from wareflow_events.schemas.orders import OrderContactGiven

DATABASES = [database_name(name) for name in (*SERVICES, "log")]

# Columns that are declared to hold a person's words, or a secret; nothing else may.
PERSONAL = {
    "wareflow_orders.cart.email",
    "wareflow_orders.cart.shipping_address",
    "wareflow_orders.cart.billing_address",
    "wareflow_orders.order_contact.email",
    "wareflow_orders.order_contact.shipping_address",
    "wareflow_orders.order_contact.billing_address",
    "wareflow_orders.outbox.data",
    "wareflow_crm.customer.email",
    "wareflow_crm.customer.email_key",
    "wareflow_crm.customer.name",
    "wareflow_crm.customer.name_key",
    "wareflow_crm.customer.phone",
    "wareflow_crm.account.email",
    "wareflow_crm.account.email_key",
    "wareflow_crm.mail.to",
    "wareflow_crm.mail.body",
    "wareflow_crm.dead_letter.value",
    "wareflow_payments.payment.client_secret",
}
# The log keeps what is on a contact topic for 72 hours, and nothing of a contact topic elsewhere.
OF_CONTACTS = re.compile(r"wareflow_log\.log_expiring\w*\.value")

BREAK = "ALTER TABLE {table} ADD CONSTRAINT breaks CHECK ({column} IS NULL) NOT VALID"
MEND = "ALTER TABLE {table} DROP CONSTRAINT breaks"


@pytest.fixture(scope="module")
async def shop() -> AsyncGenerator[Marked]:
    with tempfile.TemporaryDirectory(prefix="wareflow-marked-") as folder:
        Path(folder).chmod(0o711)
        async with marked_shop(Path(folder)) as shop:
            yield shop


@pytest.fixture(scope="module")
async def bought(shop: Marked) -> Placed:
    """What the marked person did."""
    variant = await shop.story.product(stock=9)
    await register(shop)
    await mistype(shop)
    order = await buy(shop, variant)
    await fail(shop, variant)
    await send_unreadable(shop)
    return order


async def register(shop: Marked) -> None:
    """An account, opened by several requests at once, of which one wins."""
    body = {"email": PERSON["account"], "password": PERSON["password"], "name": PERSON["holder"]}
    answers = await asyncio.gather(
        *(shop.ask("POST", "/crm/v1/accounts", json=body) for _ in range(6))
    )
    (made,) = [answer for answer in answers if answer.status_code == 201]
    shop.bearer = made.json()["access_token"]
    shop.secrets.add(shop.bearer)
    wrong = {"email": PERSON["account"], "password": PERSON["guess"]}
    assert (await shop.ask("POST", "/crm/v1/sessions", json=wrong)).status_code == 401
    _ = await shop.ask(
        "POST", "/crm/v1/accounts/forgotten-password", json={"email": wrong["email"]}
    )
    mails = await eventually(
        lambda: asyncio.to_thread(lambda: list((shop.data / "mails").glob("*.eml"))),
        lambda found: len(found) >= 2,
    )
    for mail in mails:
        shop.secrets |= set(re.findall(r"token=3?D?([\w-]{30,})", mail.read_text()))


async def mistype(shop: Marked) -> None:
    """Words in the wrong places."""
    misplaced = PERSON | {"email": PERSON["name"]}
    for path in ("/crm/v1/accounts", "/crm/v1/sessions", "/orders/v1/orders/lookup"):
        for body in ({"email": {"is": PERSON["email"]}}, misplaced, [PERSON["name"]]):
            assert (await shop.ask("POST", path, json=body)).status_code == 422
    forged = {"id": "evt_1", "data": {"object": {"billing_details": {"name": PERSON["name"]}}}}
    headers = {"Stripe-Signature": "t=1,v1=00"}
    hook = await shop.ask("POST", "/payments/v1/webhooks/stripe", json=forged, headers=headers)
    assert hook.status_code >= 400
    told = {"events": [{"name": "view_item", "email": PERSON["email"]}]}
    _ = await shop.ask("POST", "/analytics/v1/collect", json={"events": told})
    search = {"number": "W-1", "email": PERSON["email"]}
    assert (await shop.ask("POST", "/orders/v1/orders/lookup", json=search)).status_code == 404
    bearer = {"Authorization": f"Bearer {PERSON['password']}"}
    assert (await shop.ask("GET", "/crm/v1/me", headers=bearer)).status_code == 401


async def filled(shop: Marked, variant: str) -> Cart:
    """A cart with everything that can be said of a person."""
    cart = await shop.story.shop.open_cart()
    shop.secrets.add(cart.token)
    cart = await shop.story.shop.add(cart, variant)
    answer = await shop.ask(
        "PATCH",
        f"/orders/v1/carts/{cart.id}",
        headers={"X-Cart-Token": cart.token},
        json={
            "email": PERSON["email"],
            "shipping_address": address(PERSON["name"]),
            "billing_address": address(PERSON["billed"]),
        },
    )
    cart.body = answer.json()
    return cart


async def ordered(shop: Marked, variant: str) -> Placed:
    """An order of such a cart."""
    order = await shop.story.shop.checkout(await filled(shop, variant))
    shop.customers.add(order.body["customer_id"])
    shop.orders.append(order)
    return order


async def buy(shop: Marked, variant: str) -> Placed:
    """An order, declined once, then paid."""
    client = shop.story.shop
    order = await ordered(shop, variant)
    order = await client.until(order, "awaiting_payment")
    payment = await client.payment(order)
    shop.secrets |= {order.token, payment["client_secret"]}
    with pytest.raises(Refused):
        _ = await client.confirm(payment, "pm_card_visa_chargeDeclined")
    _ = await client.confirm(payment, "pm_card_visa")
    order = await client.until(order, "confirmed")
    customer = order.body["customer_id"]
    path = f"/crm/v1/customers/{customer}"

    async def met() -> Any:
        answer = await shop.ask("GET", path, headers=staff(shop))
        return answer.json().get("email")

    _ = await eventually(met, lambda email: email == PERSON["email"])
    return order


def staff(shop: Marked) -> dict[str, str]:
    return {"Authorization": f"Bearer {shop.story.running.staff_token}"}


async def fail(shop: Marked, variant: str) -> None:
    """Faults whose errors quote what they failed at: at the front door, and at the back door."""
    customer = (await ordered(shop, variant)).body["customer_id"]
    changed = {"phone": PERSON["phone"] + " 2", "version": 1}
    broken = {("crm", "customer", "phone"), ("orders", "cart", "email")}
    for service, table, column in broken:
        change = BREAK.format(table=table, column=column)
        await shop.execute(database_name(service), change)
    path = f"/crm/v1/customers/{customer}"
    _ = await shop.ask("PATCH", path, json=changed, headers=staff(shop))
    another = await shop.story.shop.open_cart()
    failed = await shop.ask(
        "PATCH",
        f"/orders/v1/carts/{another.id}",
        json={"email": PERSON["email"]},
        headers={"X-Cart-Token": another.token},
    )
    assert failed.status_code == 500
    await shop.execute(database_name("orders"), MEND.format(table="cart"))
    _ = await ordered(shop, variant)  # crm cannot apply its contact
    await letters(shop, 1)
    await shop.execute(database_name("crm"), MEND.format(table="customer"))


async def letters(shop: Marked, count: int) -> None:
    """Wait until crm has kept so many dead letters."""

    async def kept() -> int:
        found = await shop.fetch(database_name("crm"), "SELECT count(*) FROM dead_letter")
        return found[0][0]

    _ = await eventually(kept, lambda found: found >= count, within=40)


def contact(customer: str, **wrong: Any) -> dict[str, Any]:
    """A contact as it is told, with what is wrong with it."""
    told = {"email": PERSON["email"], "name": PERSON["name"], "phone": PERSON["phone"]}
    return {
        "order_id": str(uuid4()),
        "number": "W-9",
        "customer_id": customer,
        "guest": True,
        "locale": "en",
        "contact": told,
    } | wrong


async def tell(shop: Marked, *contacts: dict[str, Any]) -> None:
    """Put contacts on their topic as they are."""
    records = [
        to_record(
            Envelope(
                id=new_id(at=utc_now()),
                type=OrderContactGiven.TYPE,
                source="/wareflow/orders",
                time=utc_now(),
                key=body["order_id"],
                data=json.dumps(body).encode(),
            )
        )
        for body in contacts
    ]
    async with open_house(shop.story.running) as house:
        producer = await house.broker.producer()
        await producer.send(records)
        await producer.close()


async def send_unreadable(shop: Marked) -> None:
    """Contacts that cannot be read, each with the person's words where they do not belong."""
    one, another = str(uuid4()), str(uuid4())
    shop.customers |= {one, another}
    await tell(
        shop,
        contact(one, contact=[PERSON["email"]]),
        contact(another.upper(), guest=PERSON["name"]),
        contact(PERSON["stray"], contact={}),
    )
    await letters(shop, 4)


async def test_no_log_has_a_word_of_them(shop: Marked, bought: Placed) -> None:
    found = {name: shop.within(text) for name, text in shop.logs().items()}
    assert {"shop.log", "server.log"} <= found.keys()
    assert {name: marks for name, marks in found.items() if marks} == {}


async def test_no_problem_document_has_a_word_of_them(shop: Marked, bought: Placed) -> None:
    assert len(shop.problems) > 10
    assert [problem for problem in shop.problems if shop.within(problem)] == []


async def test_no_metric_has_a_word_of_them(shop: Marked, bought: Placed) -> None:
    assert shop.within(await shop.metrics()) == set()


async def test_only_contact_topics_have_a_word_of_them(shop: Marked, bought: Placed) -> None:
    assert await shop.topics() == CONTACT_TOPICS


async def test_only_declared_columns_have_a_word_of_them(shop: Marked, bought: Placed) -> None:
    found = {place for place in await shop.tables(DATABASES) if not OF_CONTACTS.fullmatch(place)}
    assert found - PERSONAL == set()
    assert len(found) > 8


TO_BE_SHIPPED = {"wareflow_orders.order_contact.shipping_address"}


async def left_of(shop: Marked) -> set[str]:
    """Where the person's words still stand, the contact topic left out: that ends by itself."""
    found = await shop.tables(DATABASES, shop.person)
    return {place for place in found if not OF_CONTACTS.fullmatch(place)}


async def test_an_erased_person_is_gone_and_late_messages_bring_nobody_back(
    shop: Marked, bought: Placed
) -> None:
    """But for the address of an order that is not fulfilled yet; that goes with its end."""
    own = {"Authorization": f"Bearer {shop.bearer}"}
    assert (await shop.ask("DELETE", "/crm/v1/me", headers=own)).status_code == 204
    for customer in shop.customers:
        path = f"/crm/v1/customers/{customer}/erasure"
        assert (await shop.ask("POST", path, headers=staff(shop))).status_code == 202
    for customer in shop.customers:
        late = contact(customer, contact=[PERSON["name"], PERSON["email"]])
        await tell(shop, contact(customer), late, late | {"guest": True})
    left = await eventually(lambda: left_of(shop), TO_BE_SHIPPED.issuperset, within=30)
    assert left == TO_BE_SHIPPED
    await shop.story.staff.fulfil(bought.id)
    for order in shop.orders[1:]:
        order = await shop.story.shop.cancel(order)
        _ = await shop.story.shop.until(order, "cancelled")
    async with open_house(shop.story.running) as house:
        assert (await settle(house, timeout=30, progress=lambda _: None)).total == 0
    assert await left_of(shop) == set()
    assert [name for name, text in shop.logs().items() if shop.within(text)] == []
