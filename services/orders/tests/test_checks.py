"""Each check finds what it is there to find."""

from collections.abc import AsyncGenerator

import pytest
from sqlalchemy import text

from orders.checks import CHECKS
from orders.consumers import COPIES, SAGA
from orders.testing import Shopper, a_channel, a_product, a_variant, captured, reserved
from wareflow_kit.checks import Check
from wareflow_kit.money import Money
from wareflow_kit.service import Service
from wareflow_kit.testing import Hand, client

FREE = "ALTER TABLE orders DROP CONSTRAINT orders_{}; "
BREAKING = {
    "no order is open past its deadline (a minute is for the clock to notice)": (
        "UPDATE orders SET reserve_by = now() - interval '2 minutes' WHERE status = 'placed'"
    ),
    "an order that is closing ends within an hour of its deadline": """
        UPDATE orders SET status = 'closing', closing_reason = 'deadline',
            pay_by = now() - interval '2 hours' WHERE status = 'placed'
    """,
    "a cart has at most one order that is not cancelled": """
        DROP INDEX one_live_order_per_cart;
        UPDATE orders SET cart_id = (SELECT min(cart_id::text)::uuid FROM orders)
    """,
    "an ordered cart and its order know each other": (
        "UPDATE cart SET order_id = gen_random_uuid() WHERE order_id IS NOT NULL"
    ),
    "an order's totals are the sums of its lines": (
        "UPDATE orders SET subtotal = subtotal + 1, total = total + 1 WHERE status = 'placed'"
    ),
    "every order has lines": "DELETE FROM order_line",
    "what happened to an order is numbered 1..n, and the order counts along": (
        "DELETE FROM order_event WHERE seq = 1"
    ),
    "a confirmed order is held and paid": (
        FREE.format("confirmed_is_held_and_paid") + "UPDATE orders SET reserved_at = NULL"
    ),
    "what went back for an order is the sum of its refunds": (
        "UPDATE orders SET refunded = 1 WHERE captured > 0"
    ),
    "money of a cancelled order has gone back, is on its way, or is listed as refused": """
        UPDATE orders SET status = 'cancelled', cancelled_at = now(), cancel_reason = 'staff'
        WHERE status = 'confirmed'
    """,
    "nothing is known of whom an order was for, once they were erased and it has ended": (
        "INSERT INTO erased_id (subject_id) SELECT customer_id FROM orders"
    ),
    "no cart keeps an erased customer's contact data": (
        "INSERT INTO erased_id (subject_id) SELECT customer_id FROM orders"
    ),
}


@pytest.fixture
async def busy(unchecked_service: Service) -> AsyncGenerator[Service]:
    """A service with an order that is placed and one that is confirmed."""
    service = unchecked_service
    copies, saga = Hand(service.transactions, COPIES), Hand(service.transactions, SAGA)
    mug = a_variant()
    await copies.hear(a_channel(), a_product(mug))
    async with client(service) as http:
        for is_paid in (False, True):
            shopper = Shopper(http)
            _ = await shopper.put(mug.variant_id)
            order = await shopper.checkout()
            if is_paid:
                await saga.hear(reserved(order["id"]))
                total = Money.model_validate(order["total"])
                await saga.hear(captured(order["id"], total))
        yield service


async def broken(service: Service, breaking: str) -> set[str]:
    async with service.engine.begin() as connection:
        for statement in filter(str.strip, breaking.split(";")):
            _ = await connection.execute(text(statement))
        return {
            check.name for check in CHECKS if (await connection.execute(text(check.sql))).first()
        }


async def test_a_service_at_work_breaks_none(busy: Service) -> None:
    assert await broken(busy, "") == set()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
async def test_a_check_finds_its_breach(busy: Service, check: Check) -> None:
    assert check.name in await broken(busy, BREAKING[check.name])
