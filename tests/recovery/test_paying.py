"""Nobody is charged twice after the database of payments was restored from an older copy."""

import pytest
from tests.recovery.lab import Lab, Open

from wareflow.shop import Placed

pytestmark = pytest.mark.timeout(600)  # the first one also tells the shop's past
_INTENTS = "SELECT id FROM payment_intent WHERE metadata->>'order_id' = '{order}'"


async def intents(lab: Lab, order: Placed) -> list[str]:
    """What the gateway has made for an order."""
    return [row[0] for row in await lab.rows("wareflow_sandbox", _INTENTS.format(order=order.id))]


async def restored(lab: Lab) -> None:
    """Payments as they were before any of the orders at hand."""
    _ = await lab.restore("payments")
    _ = await lab.recover("payments")


async def test_an_open_payment_page_pays_the_intent_that_was_there(lab: Lab) -> None:
    async with lab.open(pay_within="PT10M") as shop:
        order = await shop.order()
        page = await shop.shop.payment(order)
    made = await intents(lab, order)
    assert len(made) == 1
    await restored(lab)
    async with lab.open(pay_within="PT10M") as shop:
        again = await shop.shop.payment(order, wait=30)
        assert again["client_secret"] == page["client_secret"]
        _ = await shop.shop.confirm(again, "pm_card_visa")  # at the gateway's new port
        _ = await shop.shop.until(order, "confirmed", within=60)
        await shop.holds()
    assert await intents(lab, order) == made


async def test_a_payment_that_came_back_can_be_refunded(lab: Lab) -> None:
    """No event names its intent at the gateway, which has to be learnt anew first."""
    async with lab.open(pay_within="PT10M") as shop:
        order = await shop.sell()
        await shop.settled()
    await restored(lab)
    async with lab.open() as shop:
        _ = await shop.shop.cancel(order)
        _ = await shop.shop.until(order, "cancelled")
        await went_back(shop, order)
        await shop.holds()
    assert len(await intents(lab, order)) == 1


async def test_a_refund_that_was_made_is_not_made_again(lab: Lab) -> None:
    async with lab.open(pay_within="PT10M") as shop:
        order = await shop.sell()
        _ = await shop.shop.cancel(order)
        await went_back(shop, order)
        await shop.settled()
    await restored(lab)
    async with lab.open() as shop:
        await shop.holds()
    refunds = f"SELECT count(*) FROM refund WHERE metadata->>'order_id' = '{order.id}'"
    assert await lab.rows("wareflow_sandbox", refunds) == [(1,)]


async def went_back(shop: Open, order: Placed) -> None:
    """All of its money is with the customer again."""
    await shop.settled()
    payment = await shop.staff.call("GET", f"/payments/v1/payments/{order.id}")
    assert payment["status"] == "captured"
    assert payment["refunded"] == payment["captured"]
