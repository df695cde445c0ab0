"""Payments finds what it needs, however much was paid."""

from collections.abc import AsyncGenerator

import pytest
from bench.data.fill import fill_orders
from bench.data.ids import made, made_at
from tests.plans.service import ORDERS, PRODUCTS, poll_everything, read_everything, watched

from payments.main import build
from payments.settings import Settings
from payments.testing import Bench, FakeGateway, a_refund_due
from wareflow_kit.testing import FixedClock, Unplugged, fresh_database, settings_for

SETTINGS = {
    "gateway_url": "https://gateway.test",
    "gateway_key": "sk_test_sandbox",
    "gateway_publishable_key": "pk_test_sandbox",
    "webhook_secrets": ["whsec_of_today"],
}
READS = {
    "/payments/v1/payments": ["", "?status=captured"],
    "/payments/v1/payments/{order_id}": [""],
    "/payments/v1/operations": ["", "?order_id={order_id}", "?status=unknown"],
    "/payments/v1/refunds": ["", "?order_id={order_id}", "?status=succeeded"],
    "/payments/v1/webhooks": ["", "?failing=true"],
    "/payments/v1/ledger/entries": ["", "?order_id={order_id}"],
}
SUMS = {"/payments/v1/ledger/balances"}
"""What adds up all entries, since no account keeps its balance."""


@pytest.fixture
async def bench() -> AsyncGenerator[Bench]:
    """Payments with thousands of captures."""
    async with fresh_database("payments") as url:
        await fill_orders({"payments": url}, range(ORDERS), catalogue=PRODUCTS)
        clock = FixedClock(made_at(ORDERS))
        gateway = FakeGateway(clock=clock)
        settings = settings_for(Settings, url, **SETTINGS)
        service = build(settings, broker=Unplugged(), gateway=gateway, clock=clock)
        yield Bench(service, gateway)
        await service.close()


@pytest.mark.timeout(300)
async def test_payments_reads_no_table_whole(bench: Bench) -> None:
    async with watched(bench.service, "payments:read", "payments:write") as (watch, staff):
        names = {"order_id": made("order", 77)}
        await read_everything(bench.service, watch, staff, READS, names, apart=SUMS)
        watch.doing = "a payment is captured, and goes back"
        payment = await bench.captured()
        await bench.hear(a_refund_due(payment.order_id))
        await bench.run_operations()
        await poll_everything(bench.service, watch)
