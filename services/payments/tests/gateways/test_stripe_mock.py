"""Stripe's own OpenAPI, by stripe-mock, takes every request that our client makes."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from payments.gateways.gateway import RefundRequest
from payments.gateways.stripe_client import StripeGateway
from payments.testing import A_DAY, a_payment_due, a_request
from wareflow_events.schemas.shapes import Money
from wareflow_sandbox.testing import eventually

CACHE = Path(__file__).resolve().parents[4] / ".cache" / "stripe-mock"


def _program() -> str:
    if given := os.environ.get("STRIPE_MOCK"):
        return given
    built = sorted(CACHE.glob("*/stripe-mock"))
    if not built:
        pytest.skip("stripe-mock is missing: STRIPE_MOCK names none, and the sandbox built none")
    return str(built[-1])


@pytest.fixture
async def gateway() -> AsyncGenerator[StripeGateway]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        _program(), "-http-addr", address, stdout=quiet, stderr=quiet
    )
    made = StripeGateway(url=f"http://{address}", key="sk_test_123", timeout=10)
    try:
        async with httpx.AsyncClient(trust_env=False) as http:

            async def answers() -> bool | None:
                try:
                    _ = await http.get(f"http://{address}/")
                except httpx.TransportError:
                    return None
                return True

            _ = await eventually(answers, timeout=30)
        yield made
    finally:
        await made.close()
        process.terminate()
        _ = await process.wait()


async def test_stripe_takes_what_we_ask_of_intents(gateway: StripeGateway) -> None:
    made = await gateway.create_intent(a_request(a_payment_due(), uuid4(), uuid4()))
    assert made.id.startswith("pi_")
    assert (await gateway.retrieve_intent(made.id)).id
    assert (await gateway.cancel_intent(made.id, key=uuid4())).id
    assert await gateway.find_intent(uuid4(), since=A_DAY, until=A_DAY) is None


async def test_stripe_takes_what_we_ask_of_refunds(gateway: StripeGateway) -> None:
    made = await gateway.create_refund(
        RefundRequest(
            key=uuid4(),
            operation_id=uuid4(),
            order_id=uuid4(),
            refund_id=uuid4(),
            intent_id="pi_1",
            amount=Money(amount=500, currency="EUR"),
        )
    )
    assert made.id.startswith("re_")
    assert (await gateway.retrieve_refund(made.id)).id
    assert await gateway.find_refund(uuid4(), intent_id="pi_1") is None
