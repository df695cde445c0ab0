"""`/payments/v1/payments`: who sees what, and what a browser needs to pay."""

import asyncio
from uuid import uuid4

import pytest

from payments.testing import Bench, a_closing, a_notice, a_payment_due
from wareflow_kit.auth import customer_id_of
from wareflow_kit.testing import TEST_ISSUER, client, customer_token, order_token, staff_token

GRACE = customer_id_of(TEST_ISSUER.issuer, "grace")


async def test_the_orders_token_gets_what_a_browser_needs_to_pay(bench: Bench) -> None:
    payment = await bench.opened()
    async with client(bench.service, token=order_token(payment.order_id)) as http:
        answer = await http.get(f"/payments/v1/payments/{payment.order_id}")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "open"
    assert body["amount"] == {"amount": 1899, "currency": "EUR"}
    assert body["client_secret"] == "pi_1_secret"
    assert body["publishable_key"] == "pk_test_sandbox"
    assert body["gateway_url"] == "https://gateway.test"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("then", ["closing", "captured"])
async def test_the_secret_is_withheld_once_nobody_should_pay(bench: Bench, then: str) -> None:
    payment = await bench.opened()
    if then == "closing":
        await bench.hear(a_closing(payment.order_id))
    else:
        _ = bench.gateway.pay("pi_1")
        await bench.receive(a_notice("pi_1"))
    async with client(bench.service, token=order_token(payment.order_id)) as http:
        body = (await http.get(f"/payments/v1/payments/{payment.order_id}")).json()
    assert body["status"] == then
    assert (body["client_secret"], body["publishable_key"], body["gateway_url"]) == (
        None,
        None,
        None,
    )


async def test_an_order_that_was_not_heard_of_is_to_be_asked_for_again(bench: Bench) -> None:
    order_id = uuid4()
    async with client(bench.service, token=order_token(order_id)) as http:
        answer = await http.get(f"/payments/v1/payments/{order_id}")
    assert (answer.status_code, answer.headers["retry-after"]) == (404, "1")
    assert answer.json()["type"] == "/problems/unknown-payment"


async def test_who_would_rather_wait_gets_the_payment_once_it_can_be_paid(bench: Bench) -> None:
    due = a_payment_due()
    async with client(bench.service, token=order_token(due.order_id)) as http:
        asking = asyncio.create_task(
            http.get(f"/payments/v1/payments/{due.order_id}", headers={"Prefer": "wait=10"})
        )
        await bench.hear(due)
        await bench.run_operations()
        answer = await asking
    assert answer.json()["status"] == "open"
    assert answer.headers["preference-applied"] == "wait=10"


async def test_who_waited_in_vain_gets_what_there_is(bench: Bench) -> None:
    due = a_payment_due()
    await bench.hear(due)
    async with client(bench.service, token=order_token(due.order_id)) as http:
        path = f"/payments/v1/payments/{due.order_id}"
        answer = await http.get(path, headers={"Prefer": "wait=1"})
    assert answer.json()["status"] == "due"


@pytest.mark.parametrize(
    ("token", "status"),
    [
        (None, 401),
        (staff_token("payments:read"), 200),
        (staff_token("orders:read"), 403),
        (order_token(uuid4()), 404),
        (customer_token("grace"), 200),
        (customer_token("mallory"), 404),
    ],
    ids=["nobody", "staff", "other staff", "another order", "its customer", "another customer"],
)
async def test_a_payment_is_shown_to_whom_it_concerns(
    bench: Bench, token: str | None, status: int
) -> None:
    due = a_payment_due(customer_id=GRACE)
    await bench.hear(due)
    async with client(bench.service, token=token) as http:
        answer = await http.get(f"/payments/v1/payments/{due.order_id}")
    assert answer.status_code == status


async def test_a_shopper_reads_what_helps_and_no_suspicion(bench: Bench) -> None:
    payment = await bench.opened()
    declined = bench.gateway.decline("pi_1", decline_code="stolen_card")
    failed = "payment_intent.payment_failed"
    await bench.receive(a_notice("pi_1", type=failed, declined=declined))
    async with client(bench.service, token=order_token(payment.order_id)) as http:
        body = (await http.get(f"/payments/v1/payments/{payment.order_id}")).json()
    assert body["last_error"] == {
        "code": "card_declined",
        "decline_code": "generic_decline",
        "next": "other_method",
    }


async def test_staff_pages_through_all_payments(bench: Bench) -> None:
    await bench.hear(*[a_payment_due() for _ in range(5)])
    seen: list[str] = []
    async with client(bench.service, token=staff_token("payments:read")) as http:
        after: str | None = None
        while True:
            query = {"limit": 2, **({"after": after} if after else {})}
            page = (await http.get("/payments/v1/payments", params=query)).json()
            seen += [each["payment_id"] for each in page["items"]]
            if (after := page["next"]) is None:
                break
    assert (len(seen), seen) == (5, sorted(set(seen), reverse=True))


async def test_staff_filters_payments_by_status(bench: Bench) -> None:
    payment = await bench.captured()
    await bench.hear(a_payment_due())
    async with client(bench.service, token=staff_token("payments:read")) as http:
        page = (await http.get("/payments/v1/payments?status=captured")).json()
    assert [each["order_id"] for each in page["items"]] == [str(payment.order_id)]
    assert "client_secret" not in page["items"][0]


@pytest.mark.parametrize(
    "path", ["payments", "refunds", "ledger/entries", "ledger/balances", "webhooks", "operations"]
)
@pytest.mark.parametrize(
    ("token", "status"), [(None, 401), (customer_token(), 403), (staff_token("orders:read"), 403)]
)
async def test_lists_are_for_staff_who_may_read_payments(
    bench: Bench, path: str, token: str | None, status: int
) -> None:
    async with client(bench.service, token=token) as http:
        assert (await http.get(f"/payments/v1/{path}")).status_code == status
