"""Customers: list, search, spend, timeline, changes."""

from uuid import uuid4

import httpx

from crm.testing import a_placed_order, confirmed, contact_of, eur
from wareflow_events.schemas.crm import CustomerChanged
from wareflow_events.schemas.payments import PaymentCaptured, PaymentRefunded
from wareflow_kit.service import Service
from wareflow_kit.testing import Hand, client, published, staff_token

from .conftest import NOON

Hands = dict[str, Hand]


async def test_a_guest_is_known_from_their_order(staff: httpx.AsyncClient, hands: Hands) -> None:
    order = a_placed_order(at=NOON, customer_id=uuid4())
    contact = contact_of(order, email="Ada@example.com")
    await hands["crm.people"].hear(contact, order, twice=True)
    body = (await staff.get(f"/crm/v1/customers/{order.customer_id}")).json()
    assert (body["kind"], body["email"], body["name"]) == (
        "guest",
        "Ada@example.com",
        "Ada Lovelace",
    )


async def test_net_spend_is_what_was_confirmed_less_what_went_back(
    staff: httpx.AsyncClient, hands: Hands
) -> None:
    customer = uuid4()
    first = a_placed_order(at=NOON, customer_id=customer, total=3000)
    second = a_placed_order(at=NOON, customer_id=customer, total=5000)
    unpaid = a_placed_order(at=NOON, customer_id=customer, total=7000)
    trial = a_placed_order(at=NOON, customer_id=customer, total=9000, test=True)
    back = PaymentRefunded(
        order_id=first.order_id,
        payment_id=uuid4(),
        refund_id=uuid4(),
        amount=eur(1000),
        refunded=eur(1000),
        refunded_at=NOON,
    )
    await hands["crm.people"].hear(first)
    await hands["crm.history"].hear(back, twice=True)
    await hands["crm.history"].hear(first, second, unpaid, trial, twice=True)
    await hands["crm.history"].hear(
        confirmed(first, at=NOON), confirmed(second, at=NOON), confirmed(trial, at=NOON)
    )
    body = (await staff.get(f"/crm/v1/customers/{customer}")).json()
    assert body["order_count"] == 2
    assert body["spend"][0]["net"] == {"amount": 7000, "currency": "EUR"}


async def test_the_timeline_shows_payments_that_name_only_the_order(
    staff: httpx.AsyncClient, hands: Hands
) -> None:
    order = a_placed_order(at=NOON, customer_id=uuid4())
    paid = PaymentCaptured(
        order_id=order.order_id,
        payment_id=uuid4(),
        amount=eur(3000),
        method="card",
        livemode=False,
        captured_at=NOON,
    )
    await hands["crm.history"].hear(paid, order)
    page = (await staff.get(f"/crm/v1/customers/{order.customer_id}/timeline")).json()
    assert sorted(entry["type"].split(".")[3] for entry in page["items"]) == ["captured", "placed"]
    first = (
        await staff.get(f"/crm/v1/customers/{order.customer_id}/timeline", params={"limit": 1})
    ).json()
    second = (
        await staff.get(
            f"/crm/v1/customers/{order.customer_id}/timeline",
            params={"limit": 1, "after": first["next"]},
        )
    ).json()
    assert [first["items"][0], second["items"][0]] == page["items"]
    assert second["next"] is None


async def test_search_finds_by_the_beginning_of_name_or_address(
    staff: httpx.AsyncClient, hands: Hands
) -> None:
    for name, email in (("Ada Lovelace", "ada@x.org"), ("Grace Hopper", "grace@y.org")):
        order = a_placed_order(at=NOON, customer_id=uuid4())
        await hands["crm.people"].hear(contact_of(order, email=email, name=name))
    for term in ("ADA@", "ada lo"):
        found = (await staff.get("/crm/v1/customers/search", params={"q": term})).json()
        assert [c["name"] for c in found] == ["Ada Lovelace"]


async def test_lists_page_through_everybody_once(staff: httpx.AsyncClient, hands: Hands) -> None:
    ids = {uuid4() for _ in range(5)}
    for customer in ids:
        await hands["crm.people"].hear(a_placed_order(at=NOON, customer_id=customer))
    seen: list[str] = []
    after = None
    while True:
        params = {"limit": 2} | ({"after": after} if after else {})
        body = (await staff.get("/crm/v1/customers", params=params)).json()
        seen += [c["customer_id"] for c in body["items"]]
        after = body["next"]
        if after is None:
            break
    assert sorted(seen) == sorted(map(str, ids))


async def test_a_change_is_told_audited_and_refused_when_outdated(
    staff: httpx.AsyncClient, hands: Hands, service: Service
) -> None:
    customer = uuid4()
    await hands["crm.people"].hear(a_placed_order(at=NOON, customer_id=customer))
    change = {"version": 1, "tags": ["vip"]}
    changed = await staff.patch(f"/crm/v1/customers/{customer}", json=change)
    assert changed.json()["tags"] == ["vip"]
    again = await staff.patch(f"/crm/v1/customers/{customer}", json=change)
    assert again.status_code == 412
    told = [e for e in await published(service.engine) if isinstance(e, CustomerChanged)]
    assert [e.tags for e in told] == [["vip"]]
    async with service.engine.connect() as connection:
        audits = await connection.exec_driver_sql("SELECT actor, action FROM audit_entry")
        assert [tuple(row) for row in audits] == [("ada", "customer.change")]


async def test_staff_without_the_scope_sees_nobody(service: Service) -> None:
    async with client(service, token=staff_token("orders:read")) as other:
        assert (await other.get("/crm/v1/customers")).status_code == 403
