"""The customer stories, over all services."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from tests.integration.story import Story, eventually, level, open_orders, rows_of

from wareflow.house import House, open_house
from wareflow.settling import settle
from wareflow.shop import ADDRESS, Refused
from wareflow.verifying import verdicts
from wareflow_events.handlers import ConsumerGroup
from wareflow_events.rebuild import rebuild

MAY_BE_EMPTY = {"sale_return", "sale_cancelled"}
SLOW_TO_PAY = 40  # seconds: the deadline is 6, and the gateway is asked in between


async def test_a_paid_order_ends_confirmed(story: Story) -> None:
    variant = await story.product(stock=5)
    order = await story.order(variant, 2)
    _ = await story.shop.pay(order)
    order = await story.shop.until(order, "confirmed")
    assert order.body["payment_status"] == "paid"
    assert await story.available(variant) == 3


async def test_short_stock_cancels_with_the_missing_lines(story: Story) -> None:
    variant = await story.product(stock=1)
    order = await story.order(variant, 3)
    assert order.status == "cancelled"
    assert order.body["cancel_reason"] == "short_stock"
    (missing,) = order.body["missing"]
    assert (missing["requested"], missing["available"]) == (3, 1)
    assert await story.available(variant) == 1


async def test_a_declined_customer_pays_on_the_same_intent(story: Story) -> None:
    order = await story.order(await story.product(stock=1))
    payment = await story.shop.payment(order)
    with pytest.raises(Refused) as declined:
        _ = await story.shop.confirm(payment, "pm_card_visa_chargeDeclined")
    assert declined.value.status == 402
    again = await story.shop.payment(order)
    assert again["client_secret"] == payment["client_secret"]
    _ = await story.shop.confirm(again, "pm_card_visa")
    _ = await story.shop.until(order, "confirmed")


async def test_an_abandoned_payment_frees_the_stock(story: Story) -> None:
    variant = await story.product(stock=2)
    order = await story.order(variant, 2)
    assert await story.available(variant) == 0
    order = await story.shop.until(order, "cancelled", within=SLOW_TO_PAY)
    assert order.body["cancel_reason"] == "payment_deadline"
    _ = await eventually(lambda: story.available(variant), lambda left: left == 2)
    payment = await story.payment(order)
    assert payment["status"] == "voided"


async def test_a_customer_who_cancels_after_paying_is_refunded(story: Story) -> None:
    variant = await story.product(stock=1)
    order = await story.order(variant)
    _ = await story.shop.pay(order)
    order = await story.shop.until(order, "confirmed")
    order = await story.shop.cancel(order)
    order = await story.shop.until(order, "cancelled")
    payment = await eventually(
        lambda: story.payment(order), lambda p: p["refunded"] == p["captured"]
    )
    assert payment["captured"] == order.body["total"]
    _ = await eventually(lambda: story.available(variant), lambda left: left == 1)


async def test_paying_while_cancelling_ends_cancelled_without_money_kept(story: Story) -> None:
    order = await story.order(await story.product(stock=1))
    payment = await story.shop.payment(order)
    paid, cancelled = await asyncio.gather(
        story.shop.confirm(payment, "pm_card_visa"),
        story.shop.cancel(order),
        return_exceptions=True,
    )
    assert not isinstance(cancelled, BaseException), cancelled
    order = await story.shop.until(order, "cancelled")

    def settled(seen: dict[str, object]) -> bool:
        return seen["status"] != "closing" and seen["captured"] == seen["refunded"]

    after = await eventually(lambda: story.payment(order), settled)
    if not isinstance(paid, BaseException):
        assert after["refunded"] == order.body["total"]


async def test_a_payment_in_the_last_moment_is_a_sale_or_no_money_is_kept(story: Story) -> None:
    order = await story.order(await story.product(stock=1))
    payment = await story.shop.payment(order)
    pay_by = datetime.fromisoformat(order.body["pay_by"])
    await asyncio.sleep((pay_by - datetime.now(UTC)).total_seconds())
    with suppress(Refused):  # the intent may be cancelled by now
        _ = await story.shop.confirm(payment, "pm_card_visa")
    order = await story.shop.until(order, "confirmed", "cancelled", within=SLOW_TO_PAY)
    after = await story.payment(order)
    kept = after["captured"]["amount"] - after["refunded"]["amount"]
    assert kept == (order.body["total"]["amount"] if order.status == "confirmed" else 0)


async def test_a_capture_that_turns_up_after_a_void_is_refunded(story: Story) -> None:
    """The gateway forgets a cancellation that it had answered, and the customer still pays."""
    variant = await story.product(stock=1)
    order = await story.order(variant)
    payment = await story.shop.payment(order)
    await story.misbehave(payment, "cancel", fault="forgotten")
    order = await story.shop.cancel(order)
    order = await story.shop.until(order, "cancelled")
    assert (await story.payment(order))["status"] == "voided"
    _ = await story.shop.confirm(payment, "pm_card_visa")
    after = await eventually(lambda: story.payment(order), lambda seen: seen["status"] == "late")
    after = await eventually(
        lambda: story.payment(order), lambda seen: seen["refunded"] == seen["captured"]
    )
    assert after["captured"] == order.body["total"]
    shown = await eventually(
        lambda: story.shop.follow(order), lambda seen: seen.body["payment_status"] == "refunded"
    )
    assert shown.status == "cancelled"
    assert await story.available(variant) == 1


async def test_a_free_order_confirms_without_a_payment(story: Story) -> None:
    variant = await story.product(stock=1, price=0, shipped=False)
    cart = await story.cart(variant)
    pickup = await story.shop.checkout(cart)
    order = await story.shop.until(pickup, "awaiting_payment", "confirmed", "cancelled")
    assert order.body["total"]["amount"] == 0
    assert order.status == "confirmed"


async def test_of_two_buyers_one_gets_the_last_unit(story: Story) -> None:
    variant = await story.product(stock=1)
    orders = await asyncio.gather(story.order(variant), story.order(variant))
    assert sorted(order.status for order in orders) == ["awaiting_payment", "cancelled"]
    assert await story.available(variant) == 0


async def test_a_repeated_checkout_is_the_same_order(story: Story) -> None:
    variant = await story.product(stock=5)
    cart = await story.cart(variant)
    first, second = await asyncio.gather(
        story.shop.checkout(cart, key="the same"), story.shop.checkout(cart, key="the same")
    )
    assert first.id == second.id
    await story.shop.until(first, "awaiting_payment")
    assert await story.available(variant) == 4


async def test_a_fulfilled_order_leaves_the_stock(story: Story) -> None:
    variant = await story.product(stock=3)
    order = await story.order(variant, 2)
    _ = await story.shop.pay(order)
    order = await story.shop.until(order, "confirmed")
    await story.staff.fulfil(order.id)

    async def on_hand() -> int:
        levels = await story.staff.call(
            "GET", "/inventory/v1/levels", params={"variant_id": variant}
        )
        return sum(level["on_hand"] for level in levels["items"])

    _ = await eventually(on_hand, lambda units: units == 1)


async def test_an_erased_customer_is_gone_everywhere(story: Story) -> None:
    variant = await story.product(stock=1)
    cart = await story.shop.add(await story.shop.open_cart(), variant)
    address = {**ADDRESS, "name": "Marked Person"}
    cart = await story.shop.fill_in(cart, email="marked@example.com", address=address)
    order = await story.shop.until(await story.shop.checkout(cart), "awaiting_payment")
    _ = await story.shop.pay(order)
    order = await story.shop.until(order, "confirmed")
    await story.staff.fulfil(order.id)
    customer = order.body["customer_id"]
    _ = await eventually(lambda: story.find(b"marked"), lambda places: "crm.customer" in places)
    await story.staff.call("POST", f"/crm/v1/customers/{customer}/erasure")
    gone = await eventually(lambda: story.find(b"marked"), lambda places: not places)
    assert gone == set()


async def test_a_rebuild_gives_the_same_rows(story: Story) -> None:
    order = await story.order(await story.product(stock=1))
    _ = await story.shop.pay(order)
    _ = await story.shop.until(order, "confirmed")
    async with open_house(story.running) as house:
        _ = await eventually(lambda: open_orders(house), lambda open_: open_ == 0, within=60)
        assert (await settle(house, timeout=60, progress=lambda _: None)).total == 0
        for service, group in house.groups():
            if group.derived:
                await rebuilt_alike(house, service, group)


async def rebuilt_alike(house: House, service: str, group: ConsumerGroup) -> None:
    before = {table.name: await rows_of(house, service, table.name) for table in group.derived}
    assert {name for name, rows in before.items() if not rows} <= MAY_BE_EMPTY
    await rebuild(house.transactions(service), group, house.broker)
    await level(house, service, group)
    for name, rows in before.items():
        assert await rows_of(house, service, name) == rows, f"{group.name}: {name}"


async def test_every_promise_holds_after_all_of_this(story: Story) -> None:
    async with open_house(story.running) as house:
        left = await settle(house, timeout=90, progress=lambda _: None)
        assert left.total == 0, left
        broken = [verdict async for verdict in verdicts(house) if not verdict.holds]
    assert broken == []
