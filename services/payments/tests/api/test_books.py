"""Refunds, the ledger and operations, as staff reads them."""

from payments.testing import Bench, Fault, a_payment_due, a_refund_due
from wareflow_kit.testing import client, staff_token

STAFF = staff_token("payments:read")


async def test_refunds_of_an_order_are_listed(bench: Bench) -> None:
    payment, other = await bench.captured(), await bench.captured()
    due = a_refund_due(payment.order_id, 500)
    await bench.hear(due, a_refund_due(other.order_id, 2000))
    await bench.run_operations()
    async with client(bench.service, token=STAFF) as http:
        mine = (await http.get(f"/payments/v1/refunds?order_id={payment.order_id}")).json()
        failed = (await http.get("/payments/v1/refunds?status=failed")).json()
    (refund,) = mine["items"]
    assert (refund["refund_id"], refund["status"]) == (str(due.refund_id), "succeeded")
    assert [each["code"] for each in failed["items"]] == ["exceeds_captured"]


async def test_the_books_show_each_movement_and_what_stands_on_the_accounts(bench: Bench) -> None:
    payment = await bench.captured(amount=1000)
    await bench.hear(a_refund_due(payment.order_id, 300))
    await bench.run_operations()
    async with client(bench.service, token=STAFF) as http:
        query = {"order_id": str(payment.order_id)}
        groups = (await http.get("/payments/v1/ledger/entries", params=query)).json()["items"]
        test = (await http.get("/payments/v1/ledger/balances")).json()
        live = (await http.get("/payments/v1/ledger/balances?livemode=true")).json()
    assert {group["kind"] for group in groups} == {"capture", "refund"}
    for group in groups:
        assert sum(entry["amount"]["amount"] for entry in group["entries"]) == 0
    stand = {each["account"]: each["balance"]["amount"] for each in test["items"]}
    assert stand == {"processor": 700, "receivable": -1000, "refunds": 300}
    assert live["items"] == []


async def test_the_books_are_read_page_by_page(bench: Bench) -> None:
    for _ in range(3):
        _ = await bench.captured()
    async with client(bench.service, token=STAFF) as http:
        first = (await http.get("/payments/v1/ledger/entries?limit=2")).json()
        query = {"limit": 2, "after": first["next"]}
        second = (await http.get("/payments/v1/ledger/entries", params=query)).json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)


async def test_operations_in_doubt_are_listed_with_their_error(bench: Bench) -> None:
    bench.gateway.fail("create_intent", Fault.TIMEOUT_AFTER)
    due = a_payment_due()
    await bench.hear(due)
    await bench.run_operations()
    async with client(bench.service, token=STAFF) as http:
        page = (await http.get("/payments/v1/operations?status=unknown")).json()
    (operation,) = page["items"]
    assert (operation["order_id"], operation["error"]) == (str(due.order_id), "timed out")
    assert operation["next_attempt_at"] is not None
    await bench.retry()
    async with client(bench.service, token=STAFF) as http:
        page = (await http.get(f"/payments/v1/operations?order_id={due.order_id}")).json()
    assert [each["status"] for each in page["items"]] == ["done"]
