"""Sales, the funnel, top products and freshness."""

from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy.exc import IntegrityError

from analytics.testing import a_cart, a_confirmed_order, a_line, an_activity, eur, placed
from wareflow_events.schemas.catalog import ChannelChanged
from wareflow_events.schemas.orders import OrderCancelled
from wareflow_events.schemas.payments import PaymentRefunded
from wareflow_kit.testing import Hand

from .conftest import NOON

Hands = dict[str, Hand]


def refund(order_id: UUID, amount: int) -> PaymentRefunded:
    return PaymentRefunded(
        order_id=order_id,
        payment_id=uuid4(),
        refund_id=uuid4(),
        amount=eur(amount),
        refunded=eur(amount),
        refunded_at=NOON,
    )


async def test_a_sale_counts_on_the_day_of_the_channels_time_zone(
    http: httpx.AsyncClient, hands: Hands
) -> None:
    berlin = ChannelChanged(
        channel="default",
        name="Shop",
        currency="EUR",
        locale="de",
        countries=["DE"],
        prices_include_tax=True,
        time_zone="Europe/Berlin",
        version=1,
    )
    at_half_past_eleven_utc = NOON - timedelta(hours=12, minutes=30)
    await hands["analytics.sales"].hear(
        a_confirmed_order(at=at_half_past_eleven_utc), berlin, twice=True
    )
    report = (await http.get("/analytics/v1/sales")).json()
    assert [(p["starts_at"], p["orders"]) for p in report["periods"]] == [
        ("2026-03-09T23:00:00Z", 1)
    ]
    assert report["span"]["time_zone"] == "Europe/Berlin"


@pytest.mark.parametrize("refund_first", [True, False])
async def test_gross_and_net_stay_apart_in_any_order_of_topics(
    http: httpx.AsyncClient, hands: Hands, refund_first: bool
) -> None:
    order = a_confirmed_order(at=NOON - timedelta(hours=1))
    events = [order, refund(order.order_id, 1000)]
    for event in reversed(events) if refund_first else events:
        await hands["analytics.sales"].hear(event, twice=True)
    report = (await http.get("/analytics/v1/sales", params={"by": "country"})).json()
    (germany,) = report["countries"]
    assert germany["country"] == "DE"
    assert germany["gross"] == {"amount": 3000, "currency": "EUR"}
    assert germany["total"]["amount"] == 3500
    assert germany["refunded"]["amount"] == 1000
    assert germany["net"]["amount"] == 2500


async def test_a_line_of_another_sale_is_a_fault_and_the_same_sale_again_is_none(
    http: httpx.AsyncClient, hands: Hands
) -> None:
    order, other = (a_confirmed_order(at=NOON - timedelta(hours=1)) for _ in range(2))
    await hands["analytics.sales"].hear(order)
    await hands["analytics.sales"].hear(order)
    with pytest.raises(IntegrityError):
        await hands["analytics.sales"].hear(other.model_copy(update={"lines": order.lines}))
    report = (await http.get("/analytics/v1/sales")).json()
    assert [period["orders"] for period in report["periods"]] == [1]


async def test_test_orders_never_mix_with_real_ones(http: httpx.AsyncClient, hands: Hands) -> None:
    at = NOON - timedelta(hours=1)
    await hands["analytics.sales"].hear(
        a_confirmed_order(at=at), a_confirmed_order(at=at, test=True, country="FR")
    )
    real = (await http.get("/analytics/v1/sales", params={"by": "country"})).json()
    test = (await http.get("/analytics/v1/sales", params={"by": "country", "test": True})).json()
    assert [c["country"] for c in real["countries"]] == ["DE"]
    assert [c["country"] for c in test["countries"]] == ["FR"]


async def test_top_products_are_those_that_sold_for_most_with_their_viewers(
    http: httpx.AsyncClient, hands: Hands
) -> None:
    dear, cheap = uuid4(), uuid4()
    lines = [a_line(product_id=dear, price=9000), a_line(product_id=cheap, price=100)]
    await hands["analytics.sales"].hear(
        a_confirmed_order(at=NOON - timedelta(hours=1), lines=lines)
    )
    views = [
        an_activity(at=NOON, visitor_id=v, items=[{"item_id": "x", "product_id": str(cheap)}])
        for v in ("a", "b", "a")
    ]
    await http.post("/analytics/v1/collect", json={"events": views})
    until = (NOON + timedelta(minutes=1)).isoformat()
    report = await http.get("/analytics/v1/sales", params={"by": "product", "until": until})
    products = report.json()["products"]
    assert [p["product_id"] for p in products] == [str(dear), str(cheap)]
    assert [p["viewers"] for p in products] == [0, 2]


async def test_the_funnel_counts_those_who_took_every_step_in_order(
    http: httpx.AsyncClient, hands: Hands
) -> None:
    at = NOON - timedelta(hours=2)
    for visitor in ("looks", "buys"):
        view = an_activity(at=at, visitor_id=visitor)
        await http.post("/analytics/v1/collect", json={"events": [view]})
    buys = a_confirmed_order(at=at + timedelta(minutes=9), visitor="buys")
    unseen = a_confirmed_order(at=at + timedelta(minutes=9), visitor=None)
    for order in (buys, unseen):
        await hands["analytics.funnel"].hear(
            order, placed(order), a_cart(order, at=at + timedelta(minutes=5)), twice=True
        )
    funnel = (await http.get("/analytics/v1/funnel")).json()
    assert [s["visitors"] for s in funnel["steps"]] == [2, 2, 2, 2]
    assert [s["through"] for s in funnel["steps"]] == [2, 1, 1, 1]
    assert funnel["conversion"] == 0.5


async def test_a_cancelled_sale_is_remembered(http: httpx.AsyncClient, hands: Hands) -> None:
    order = a_confirmed_order(at=NOON - timedelta(hours=1))
    cancelled = OrderCancelled(
        order_id=order.order_id,
        number=order.number,
        customer_id=order.customer_id,
        reason="customer",
        was_confirmed=True,
        cancelled_at=NOON,
    )
    await hands["analytics.sales"].hear(order, cancelled, refund(order.order_id, 3500))
    report = (await http.get("/analytics/v1/sales", params={"by": "country"})).json()
    assert report["countries"][0]["net"]["amount"] == 0


async def test_every_figure_says_how_fresh_it_is(http: httpx.AsyncClient, hands: Hands) -> None:
    await hands["analytics.sales"].hear(a_confirmed_order(at=NOON))
    rows = (await http.get("/analytics/v1/freshness")).json()
    sales = next(row for row in rows if row["figure"] == "sales")
    assert sales["events"] == 1
    assert sales["as_of"] is not None


async def test_a_range_that_ends_before_it_begins_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.get(
        "/analytics/v1/sales", params={"since": NOON.isoformat(), "until": NOON.isoformat()}
    )
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("bad-range")
