"""The story of an order, as orders hears it: every ending, over the real inbox and database."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from orders.consumers import SAGA
from orders.model.decisions import Impossible
from orders.model.order import OrderNotFound
from orders.model.states import Trigger
from orders.testing import (
    Shopper,
    captured,
    declined,
    refund_failed,
    refunded,
    released,
    reserved,
    shipped,
    short,
    voided,
)
from orders.usecases.pass_deadlines import pass_deadlines
from wareflow_events.event import Event
from wareflow_events.schemas.orders import (
    CartChanged,
    OrderCancelled,
    OrderConfirmed,
    OrderContactGiven,
    OrderFulfilled,
    OrderPlaced,
    PaymentClosing,
    PaymentDue,
    RefundDue,
)
from wareflow_kit.money import Money
from wareflow_kit.service import Service
from wareflow_kit.testing import FixedClock, Hand, published, staff_token

Hear = Callable[..., Awaitable[None]]
Json = dict[str, Any]
STAFF = {"Authorization": f"Bearer {staff_token('orders:read', 'orders:write')}"}


async def told(service: Service) -> list[type[Event]]:
    return [type(event) for event in await published(service.engine)]


async def now(shopper: Shopper, order: Json) -> Json:
    return (await shopper.order(order)).json()


def total(order: Json) -> Money:
    return Money.model_validate(order["total"])


@pytest.fixture
async def placed(service: Service, shopper: Shopper, mug: UUID) -> Json:
    """An order of two mugs that waits for its stock; what was told of it is read already."""
    _ = await shopper.put(mug, 2)
    order = await shopper.checkout()
    _ = await published(service.engine)
    return order


@pytest.fixture
async def due(service: Service, hear: Hear, placed: Json) -> Json:
    """Its stock is held and its payment due."""
    await hear(reserved(placed["id"]))
    _ = await published(service.engine)
    return placed


@pytest.fixture
async def paid(service: Service, hear: Hear, due: Json) -> Json:
    """It is confirmed."""
    await hear(captured(due["id"], total(due)))
    _ = await published(service.engine)
    return due


async def test_an_order_in_stock_and_paid_ends_confirmed(
    service: Service, shopper: Shopper, hear: Hear, mug: UUID
) -> None:
    _ = await shopper.put(mug, 2)
    order = await shopper.checkout()
    await hear(reserved(order["id"]))
    await hear(captured(order["id"], total(order)))
    assert (await told(service))[-5:] == [
        OrderPlaced,
        OrderContactGiven,
        CartChanged,
        PaymentDue,
        OrderConfirmed,
    ]
    shown = await now(shopper, order)
    assert (shown["status"], shown["payment_status"]) == ("confirmed", "paid")
    assert shown["captured"] == shown["total"]
    assert (await shopper.look())["status"] == "ordered"


async def test_a_confirmed_order_tells_what_was_bought(
    service: Service, hear: Hear, due: Json
) -> None:
    await hear(captured(due["id"], total(due)))
    (confirmed,) = await published(service.engine)
    assert isinstance(confirmed, OrderConfirmed)
    assert [line.quantity for line in confirmed.lines] == [2]
    assert [line.sku for line in confirmed.lines] == ["MUG-BLUE"]
    assert (confirmed.total, confirmed.number) == (total(due), due["number"])
    assert confirmed.ship_to is not None
    assert (confirmed.ship_to.country, confirmed.ship_to.postal_prefix) == ("DE", "101")


async def test_short_stock_cancels_with_the_missing_lines_and_opens_the_cart(
    service: Service, shopper: Shopper, hear: Hear, placed: Json
) -> None:
    line_id = UUID(placed["lines"][0]["line_id"])
    await hear(short(placed["id"], line_id=line_id, available=1))
    cancelled, reopened = await published(service.engine)
    assert isinstance(cancelled, OrderCancelled)
    assert (cancelled.reason, cancelled.missing[0].line_id) == ("short_stock", line_id)
    assert isinstance(reopened, CartChanged)
    assert (reopened.status, reopened.order_id, reopened.total) == ("open", None, total(placed))
    shown = await now(shopper, placed)
    assert (shown["status"], shown["missing"][0]["available"]) == ("cancelled", 1)
    assert shown["lines"][0]["cancelled"] == 2
    again = await shopper.checkout()
    assert again["id"] != placed["id"]
    assert (await shopper.look())["order_id"] == again["id"]


async def test_a_decline_then_a_payment_ends_confirmed(
    service: Service, shopper: Shopper, hear: Hear, due: Json
) -> None:
    await hear(declined(due["id"]))
    assert (await now(shopper, due))["payment_status"] == "declined"
    assert await told(service) == []
    await hear(captured(due["id"], total(due)))
    assert await told(service) == [OrderConfirmed]


async def test_an_order_that_is_not_reserved_in_time_is_cancelled(
    service: Service, shopper: Shopper, hear: Hear, placed: Json, clock: FixedClock
) -> None:
    await pass_all(service)
    assert await told(service) == []
    _ = clock.advance(minutes=10)
    await pass_all(service)
    assert await told(service) == [OrderCancelled, CartChanged]
    assert (await now(shopper, placed))["cancel_reason"] == "reserve_deadline"
    await hear(reserved(placed["id"]))  # crossed on the way
    await hear(released(placed["id"]))
    assert await told(service) == []


async def test_an_abandoned_payment_is_voided_and_ends_cancelled(
    service: Service, shopper: Shopper, hear: Hear, due: Json, clock: FixedClock
) -> None:
    _ = clock.advance(minutes=30)
    await pass_all(service)
    await pass_all(service)
    assert await told(service) == [PaymentClosing]
    assert (await now(shopper, due))["status"] == "closing"
    await hear(voided(due["id"]))
    assert await told(service) == [OrderCancelled, CartChanged]
    assert (await now(shopper, due))["cancel_reason"] == "payment_deadline"


async def test_a_payment_in_the_last_moment_is_a_sale(
    service: Service, shopper: Shopper, hear: Hear, due: Json, clock: FixedClock
) -> None:
    _ = clock.advance(minutes=30)
    await pass_all(service)
    await hear(captured(due["id"], total(due)))
    assert await told(service) == [PaymentClosing, OrderConfirmed]
    assert (await now(shopper, due))["status"] == "confirmed"


async def test_a_payment_in_the_last_moment_goes_back_if_the_customer_wanted_out(
    service: Service, shopper: Shopper, hear: Hear, due: Json
) -> None:
    answer = await shopper.order(due, "/cancel", method="POST")
    assert answer.json()["status"] == "closing"
    await hear(captured(due["id"], total(due)))
    assert await told(service) == [PaymentClosing, OrderCancelled, RefundDue, CartChanged]
    await hear(refunded(due["id"], total(due)))
    shown = await now(shopper, due)
    assert (shown["status"], shown["payment_status"]) == ("cancelled", "refunded")


async def test_cancelling_before_payment_is_due_ends_at_once(
    service: Service, shopper: Shopper, placed: Json
) -> None:
    answer = await shopper.order(placed, "/cancel", method="POST")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert await told(service) == [OrderCancelled, CartChanged]


async def test_cancelling_after_payment_refunds(
    service: Service, shopper: Shopper, hear: Hear, paid: Json
) -> None:
    answer = await shopper.order(paid, "/cancel", method="POST")
    assert answer.json()["payment_status"] == "refunding"
    cancelled, refund = await published(service.engine)
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.was_confirmed
    assert isinstance(refund, RefundDue)
    assert refund.amount == total(paid)
    await hear(refund_failed(paid["id"], total(paid)))
    assert (await now(shopper, paid))["payment_status"] == "refund_failed"
    await hear(refunded(paid["id"], total(paid)))
    assert (await now(shopper, paid))["payment_status"] == "refunded"
    assert (await shopper.look())["status"] == "ordered"  # it was a sale, and is no cart any more


async def test_a_free_order_is_confirmed_without_payment(
    service: Service, shopper: Shopper, hear: Hear, free_ebook: UUID
) -> None:
    _ = await shopper.put(free_ebook)
    order = await shopper.checkout(shipping_address=None)
    _ = await published(service.engine)
    await hear(reserved(order["id"]))
    assert await told(service) == [OrderConfirmed]
    assert (await now(shopper, order))["payment_status"] == "not_due"


async def test_a_fulfilled_order_says_how_it_travels(
    service: Service, shopper: Shopper, hear: Hear, paid: Json
) -> None:
    path = f"/orders/v1/orders/{paid['id']}/fulfil"
    body = {"carrier": "DHL", "tracking_number": "0034"}
    answer = await shopper.http.post(path, json=body, headers=STAFF)
    assert answer.json()["fulfilment_status"] == "fulfilled"
    (fulfilled,) = await published(service.engine)
    assert isinstance(fulfilled, OrderFulfilled)
    assert (fulfilled.carrier, fulfilled.tracking_number) == ("DHL", "0034")
    await hear(shipped(paid["id"]))
    too_late = await shopper.order(paid, "/cancel", method="POST")
    assert (too_late.status_code, too_late.json()["type"]) == (409, "/problems/order-closed")


async def test_money_after_a_void_is_left_to_payments(
    service: Service, shopper: Shopper, hear: Hear, due: Json
) -> None:
    _ = await shopper.order(due, "/cancel", method="POST")
    await hear(voided(due["id"]))
    _ = await published(service.engine)
    await hear(captured(due["id"], total(due)), refunded(due["id"], total(due)))
    assert await told(service) == []
    assert (await now(shopper, due))["payment_status"] == "refunded"


async def test_a_batch_decides_each_order_by_itself(
    service: Service, shopper: Shopper, hear: Hear, mug: UUID
) -> None:
    orders: list[Json] = []
    for _ in range(4):
        buyer = Shopper(shopper.http)
        _ = await buyer.put(mug)
        orders.append(await buyer.checkout())
    _ = await published(service.engine)
    first, second, third, fourth = orders
    await hear(
        reserved(first["id"]),
        reserved(second["id"]),
        short(third["id"]),
        reserved(fourth["id"]),
        captured(second["id"], total(second)),
        declined(first["id"]),
        captured(first["id"], total(first)),
    )
    states = [(await now(shopper, order))["status"] for order in orders]
    assert states == ["confirmed", "confirmed", "cancelled", "awaiting_payment"]


async def test_what_cannot_be_is_a_fault_that_changes_nothing(
    service: Service, shopper: Shopper, placed: Json
) -> None:
    hand = Hand(service.transactions, SAGA)
    with pytest.raises(Impossible):
        await hand.hear(captured(placed["id"], total(placed)))
    with pytest.raises(OrderNotFound):
        await hand.hear(reserved(uuid4()))
    assert (await now(shopper, placed))["version"] == 1


async def test_what_happened_can_be_followed_without_gaps(
    shopper: Shopper, hear: Hear, paid: Json
) -> None:
    found = (await shopper.order(paid, "/events")).json()["items"]
    assert [(event["seq"], event["type"]) for event in found] == [
        (1, "placed"),
        (2, "payment_due"),
        (3, "confirmed"),
    ]
    later = (await shopper.order(paid, "/events?after=2")).json()["items"]
    assert [event["data"]["status"] for event in later] == ["confirmed"]


async def pass_all(service: Service) -> None:
    for deadline in (Trigger.RESERVE_DEADLINE, Trigger.PAY_DEADLINE):
        async with service.transactions.begin() as tx:
            _ = await pass_deadlines(tx, deadline=deadline, limit=10)
