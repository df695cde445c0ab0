"""Webhooks: signed as Stripe signs, sent until they are received, disturbed on request."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import stripe
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from wareflow_events.testing import FixedClock
from wareflow_kit.testing import fresh_database, settings_for
from wareflow_sandbox.settings import ConfiguredEndpoint, Settings
from wareflow_sandbox.store.deliveries import claim_deliveries
from wareflow_sandbox.testing import (
    Browser,
    Receiver,
    Running,
    Shop,
    eventually,
    open_shop,
    running_app,
    running_sandbox,
)


@asynccontextmanager
async def _listening(
    shop: Shop, receiver: Receiver, *events: str
) -> AsyncGenerator[stripe.WebhookEndpoint]:
    async with running_app(receiver.app) as url:
        endpoints = shop.client.v1.webhook_endpoints
        params: Any = {"url": f"{url}/hook", "enabled_events": list(events) or ["*"]}
        endpoint = await endpoints.create_async(params)
        yield endpoint
        _ = await endpoints.delete_async(endpoint.id)


async def test_a_payment_is_told_and_signed(shop: Shop) -> None:
    receiver = Receiver()
    async with _listening(shop, receiver) as endpoint:
        intent = await shop.intent(metadata={"order_id": "7"})
        _ = await shop.confirm(intent)
        _ = await receiver.until("payment_intent.succeeded")
        _ = await receiver.until("payment_intent.created")
        _ = await receiver.until("charge.succeeded")
    verified = [
        stripe.Webhook.construct_event(body, signature, endpoint.secret)
        for body, signature in receiver.heard
    ]
    assert {event.type for event in verified} == {
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    }
    told = receiver.events("payment_intent.succeeded")[0]
    assert told["data"]["object"]["id"] == intent.id
    assert told["data"]["object"]["metadata"] == {"order_id": "7"}
    assert told["request"]["id"].startswith("req_")
    body, signature = receiver.heard[0]
    with pytest.raises(stripe.SignatureVerificationError):
        _ = stripe.Webhook.construct_event(body, signature, "whsec_wrong")


async def test_each_turn_of_a_payment_is_told(shop: Shop, browser: Browser) -> None:
    receiver = Receiver()
    async with _listening(shop, receiver):
        with pytest.raises(stripe.CardError):
            _ = await shop.paid("pm_card_visa_chargeDeclined")
        _ = await receiver.until("charge.failed")
        _ = await receiver.until("payment_intent.payment_failed")
        asked = await shop.paid("pm_card_threeDSecure2Required")
        _ = await receiver.until("payment_intent.requires_action")
        _ = await browser.answer_bank(asked.client_secret or "")
        _ = await receiver.until("payment_intent.succeeded", number=1)
        _ = await shop.paid("pm_sandbox_lateSuccess")
        _ = await receiver.until("payment_intent.processing")
        _ = await receiver.until("payment_intent.succeeded", number=2)
        held = await shop.paid(capture_method="manual")
        _ = await shop.client.v1.payment_intents.cancel_async(held.id)
        _ = await receiver.until("payment_intent.canceled")


async def test_each_turn_of_a_refund_is_told(shop: Shop) -> None:
    receiver = Receiver()
    async with _listening(shop, receiver):
        _ = await shop.refund(await shop.paid("pm_card_pendingRefund"))
        told = await receiver.until("charge.refunded")
        assert told[0]["data"]["previous_attributes"]["amount_refunded"] == 0
        _ = await receiver.until("refund.created")
        updated = await receiver.until("refund.updated")
        assert updated[0]["data"]["object"]["status"] == "succeeded"
        _ = await shop.refund(await shop.paid("pm_card_refundFail"))
        failed = await receiver.until("refund.failed")
        assert failed[0]["data"]["object"]["status"] == "failed"


async def test_a_webhook_is_sent_again_until_it_is_received(shop: Shop) -> None:
    receiver = Receiver(refuse_first=4)
    async with _listening(shop, receiver, "payment_intent.created"):
        intent = await shop.intent()
        heard = await receiver.until()
    assert receiver.refused == 4
    assert [event["data"]["object"]["id"] for event in heard] == [intent.id]


async def test_a_receiver_that_is_down_hears_when_it_is_back(running: Running, shop: Shop) -> None:
    receiver = Receiver()
    endpoints = shop.client.v1.webhook_endpoints
    endpoint = await endpoints.create_async(
        {"url": "http://127.0.0.1:9/hook", "enabled_events": ["payment_intent.created"]}
    )
    intent = await shop.intent()
    events = await shop.client.v1.events.list_async({"type": "payment_intent.created", "limit": 1})
    assert events.data[0].pending_webhooks == 1
    async with running_app(receiver.app) as url:
        move = text("UPDATE webhook_endpoint SET url = :url WHERE id = :id")
        async with running.sandbox.engine.begin() as connection:
            _ = await connection.execute(move, {"url": f"{url}/hook", "id": endpoint.id})
        heard = await receiver.until()
    assert heard[0]["data"]["object"]["id"] == intent.id

    async def none_pending() -> bool | None:
        event = await shop.client.v1.events.retrieve_async(events.data[0].id)
        return True if event.pending_webhooks == 0 else None

    assert await eventually(none_pending)
    _ = await endpoints.delete_async(endpoint.id)


async def test_webhooks_come_twice_when_asked(running: Running, shop: Shop) -> None:
    receiver = Receiver()
    await running.disturb_webhooks(duplicate_probability=1, seed=7)
    async with _listening(shop, receiver, "payment_intent.succeeded"):
        _ = await shop.paid()
        heard = await receiver.until(number=2)
    assert heard[0] == heard[1]


async def test_webhooks_come_out_of_order_when_asked(running: Running, shop: Shop) -> None:
    receiver = Receiver()
    await running.disturb_webhooks(shuffle_seconds=0.5, seed=3)
    async with _listening(shop, receiver, "payment_intent.created"):
        made = [(await shop.intent()).id for _ in range(12)]
        heard = await receiver.until(number=12)
    told = [event["data"]["object"]["id"] for event in heard]
    assert sorted(told) == sorted(made)
    assert told != made


async def test_the_first_attempts_are_lost_when_asked(running: Running, shop: Shop) -> None:
    receiver = Receiver()
    await running.disturb_webhooks(drop_first=2)
    async with _listening(shop, receiver, "payment_intent.created"):
        _ = await shop.intent()
        _ = await receiver.until()
    assert len(receiver.heard) == 1


async def test_a_delay_is_waited_for() -> None:
    clock = FixedClock()
    async with _own_sandbox(clock) as (running, receiver, shop):
        await running.disturb_webhooks(delay_seconds=3600)
        _ = await shop.intent()
        _ = await _deliver(running)
        assert receiver.heard == []
        _ = clock.advance(minutes=61)
        _ = await receiver.until()


async def test_a_delivery_that_a_crash_cut_short_is_made_again() -> None:
    clock = FixedClock()
    async with _own_sandbox(clock, working=False) as (running, receiver, shop):
        _ = await shop.intent()
        async with AsyncSession(running.sandbox.engine) as session, session.begin():
            claimed = await claim_deliveries(session, now=clock())
        assert len(claimed) == 1
        _ = await _deliver(running)
        assert receiver.heard == []
        _ = clock.advance(seconds=61)
        _ = await _deliver(running)
        assert len(receiver.heard) == 1


async def test_a_delivery_is_given_up_after_three_days() -> None:
    clock = FixedClock()
    async with _own_sandbox(clock, refuse_first=10_000, working=False) as (running, receiver, shop):
        _ = await shop.intent()
        for _ in range(14):
            _ = await _deliver(running)
            _ = clock.advance(hours=7)
        tried = receiver.refused
        _ = await _deliver(running)
        assert tried == receiver.refused
        assert tried == 12
        query = text("SELECT due_at, last_result FROM webhook_delivery")
        async with running.sandbox.engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        assert [tuple(row) for row in rows] == [(None, "503")]


async def test_endpoints_of_the_settings_are_there_from_the_start_and_go_with_them() -> None:
    async with fresh_database("wareflow_sandbox") as url:
        hook = ConfiguredEndpoint(url="http://127.0.0.1:9/hook", secret="whsec_x")
        for wanted in ((hook,), (hook,), ()):
            settings = settings_for(Settings, url, webhook_endpoints=wanted)
            async with running_sandbox(settings) as running, open_shop(running.url) as shop:
                listed = await shop.client.v1.webhook_endpoints.list_async()
                assert [endpoint.url for endpoint in listed.data] == [each.url for each in wanted]


async def test_an_endpoint_shows_its_secret_only_once(shop: Shop) -> None:
    endpoints = shop.client.v1.webhook_endpoints
    endpoint = await endpoints.create_async(
        {"url": "http://127.0.0.1:9/hook", "enabled_events": ["refund.created"]}
    )
    assert (endpoint.secret or "").startswith("whsec_")
    again = await endpoints.retrieve_async(endpoint.id)
    assert "secret" not in again.to_dict()
    deleted = await endpoints.delete_async(endpoint.id)
    assert deleted.deleted is True
    with pytest.raises(stripe.InvalidRequestError):
        _ = await endpoints.delete_async(endpoint.id)


async def test_an_event_that_is_never_sent_cannot_be_asked_for(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"customer\.created"):
        _ = await shop.client.v1.webhook_endpoints.create_async(
            {"url": "http://127.0.0.1:9/hook", "enabled_events": ["customer.created"]}
        )


@asynccontextmanager
async def _own_sandbox(
    clock: FixedClock, *, refuse_first: int = 0, working: bool = True
) -> AsyncGenerator[tuple[Running, Receiver, Shop]]:
    receiver = Receiver(refuse_first=refuse_first)
    async with fresh_database("wareflow_sandbox") as url, running_app(receiver.app) as hook:
        endpoint = ConfiguredEndpoint(url=f"{hook}/hook", secret="whsec_own")
        settings = settings_for(Settings, url, webhook_endpoints=(endpoint,))
        async with (
            running_sandbox(settings, clock=clock, working=working) as running,
            open_shop(running.url) as shop,
        ):
            yield running, receiver, shop


async def _deliver(running: Running) -> bool:
    return await {poller.name: poller.run for poller in running.sandbox.pollers}[
        "sandbox.webhooks"
    ]()
