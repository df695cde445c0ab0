"""What happens at once: nobody waits for ever, nothing is lost, nothing is decided twice."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import httpx
import pytest

from orders.consumers import SAGA
from orders.model.ids import OrderId
from orders.model.order import Order
from orders.model.states import Trigger
from orders.store.orders import lock_orders
from orders.testing import Shopper, captured, erased, reserved
from orders.usecases import decide_orders
from orders.usecases.pass_deadlines import pass_deadlines
from wareflow_events.schemas.orders import OrderCancelled
from wareflow_events.transaction import Transaction
from wareflow_kit.auth import customer_id_of
from wareflow_kit.money import Money
from wareflow_kit.service import Service
from wareflow_kit.testing import TEST_ISSUER, FixedClock, Hand, customer_token, published

Hear = Callable[..., Awaitable[None]]
Json = dict[str, Any]
GRACE = customer_id_of(TEST_ISSUER.issuer, "grace")


@pytest.fixture
def twice() -> bool:
    return False


async def test_lines_added_at_once_are_all_there(shopper: Shopper, mug: UUID) -> None:
    _ = await shopper.open()
    line = {"variant_id": str(mug), "quantity": 1}
    answers = await asyncio.gather(*(shopper.send("POST", "/lines", json=line) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await shopper.look())["lines"][0]["quantity"] == 12
    assert shopper.cart["version"] == 13


async def test_two_clocks_end_each_order_once(
    service: Service, http: httpx.AsyncClient, mug: UUID, clock: FixedClock
) -> None:
    for _ in range(6):
        buyer = Shopper(http)
        _ = await buyer.put(mug)
        _ = await buyer.checkout()
    _ = await published(service.engine)
    _ = clock.advance(minutes=10)

    async def tick() -> int:
        async with service.transactions.begin() as tx:
            return await pass_deadlines(tx, deadline=Trigger.RESERVE_DEADLINE, limit=3)

    ended = await asyncio.gather(*(tick() for _ in range(4)))
    assert sum(ended) == 6
    told = await published(service.engine)
    assert sum(isinstance(event, OrderCancelled) for event in told) == 6


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has read an order lets a rival read it too, if only the rival can, before it decides."""
    both_have_read = asyncio.Barrier(2)

    async def lock_together(tx: Transaction, ids: Sequence[OrderId]) -> dict[OrderId, Order]:
        found = await lock_orders(tx, ids)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                _ = await both_have_read.wait()
        return found

    monkeypatch.setattr(decide_orders, "lock_orders", lock_together)


@pytest.mark.usefixtures("meeting")
async def test_a_cancel_and_a_capture_at_once_agree(
    service: Service, shopper: Shopper, hear: Hear, mug: UUID
) -> None:
    _ = await shopper.put(mug)
    order = await shopper.checkout()
    await hear(reserved(UUID(order["id"])))
    total = Money.model_validate(order["total"])
    money = Hand(service.transactions, SAGA).hear(captured(UUID(order["id"]), total))
    cancelled, _ = await asyncio.gather(shopper.order(order, "/cancel", method="POST"), money)
    assert cancelled.status_code == 200
    shown = (await shopper.order(order)).json()
    # Whichever came first, the customer is out and the money on its way back.
    assert (shown["status"], shown["payment_status"]) == ("cancelled", "refunding")


async def test_checkouts_and_an_erasure_at_once_do_not_deadlock(
    service: Service, http: httpx.AsyncClient, mug: UUID
) -> None:
    shoppers = [Shopper(http, bearer=customer_token("grace")) for _ in range(4)]
    for shopper in shoppers:
        _ = await shopper.put(mug)
    erasure = Hand(service.transactions, SAGA).hear(erased(GRACE))
    *answers, _ = await asyncio.gather(*(s.try_checkout() for s in shoppers), erasure)
    assert {answer.status_code for answer in answers if answer is not None} <= {202, 410}
    for shopper in shoppers:
        assert (await shopper.look())["email"] is None
