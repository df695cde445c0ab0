"""Any one service is down while orders are placed, then up: the others answer, all orders end."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from tests.faults.crew import Crew, crew

from wareflow.shop import Placed

OTHERS = ("inventory", "payments", "catalog", "crm", "analytics")


@contextmanager
def down(shop: Crew, service: str) -> Generator[None]:
    """Stop a service's processes as they stand (a leader keeps its lock), and let them go on."""
    pids = [c.pid for c in shop.children if c.name.startswith(f"{service}-") and c.pid]
    assert len(pids) == 2
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def place(shop: Crew, number: int) -> Placed:
    """An order is taken, whoever else is down."""
    cart = await shop.shop.open_cart(test=True)
    cart = await shop.shop.add(cart, shop.shelf.variants[number % len(shop.shelf.variants)])
    cart = await shop.shop.fill_in(cart, email=f"guest{number}@example.com")
    return await shop.shop.checkout(cart, wait=1)


@pytest.mark.kafka
@pytest.mark.timeout(900)
async def test_all_orders_end_though_any_one_service_was_down() -> None:
    # Nobody's time runs out while a busy machine sees one after the other through.
    async with crew(pay_within="PT600S", reserve_within="PT600S") as shop:
        for number, service in enumerate(OTHERS):
            with down(shop, service):
                orders = [await place(shop, number * 4 + n) for n in range(4)]
            for order in orders:
                placed = await shop.shop.until(order, "awaiting_payment", within=150)
                payment = await shop.shop.payment(placed, wait=30)
                _ = await shop.shop.confirm(payment, "pm_card_visa")
                _ = await shop.shop.until(placed, "confirmed", within=150)
        await shop.everything_holds()
