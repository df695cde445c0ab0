"""A repeated request is the same request, by Stripe's rules."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
import stripe
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from wareflow_events.testing import FixedClock
from wareflow_kit.testing import fresh_database, settings_for, shared_server
from wareflow_kit.urls import async_url, database_of
from wareflow_sandbox.model.errors import KeyInUse
from wareflow_sandbox.settings import Settings
from wareflow_sandbox.store.finish import finish
from wareflow_sandbox.store.idempotency import Kept, Request
from wareflow_sandbox.testing import Running, Shop, eventually, running_sandbox


class Raw:
    """Requests as bytes on the wire: what a replay is compared by."""

    def __init__(self, running: Running) -> None:
        self._url = running.url
        self._key = running.settings.secret_key

    async def post(self, path: str, key: str, **form: object) -> httpx.Response:
        """A form, sent under a key."""
        headers = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": key}
        data = {name: str(value) for name, value in form.items()}
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
            return await http.post(f"{self._url}/v1{path}", data=data, headers=headers)


@pytest.fixture
def raw(running: Running) -> Raw:
    return Raw(running)


def _key() -> str:
    return f"test-{uuid4()}"


async def test_a_replay_has_the_status_and_the_body_of_the_first_answer(raw: Raw) -> None:
    key = _key()
    first = await raw.post("/payment_intents", key, amount=1899, currency="eur")
    again = await raw.post("/payment_intents", key, currency="eur", amount=1899)
    assert (again.status_code, again.content) == (200, first.content)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert again.headers["request-id"] != first.headers["request-id"]


async def test_a_decline_is_replayed_too(shop: Shop, raw: Raw) -> None:
    intent = await shop.intent()
    key, path = _key(), f"/payment_intents/{intent.id}/confirm"
    form = {"payment_method": "pm_card_visa_chargeDeclined", "return_url": "https://shop.example"}
    first = await raw.post(path, key, **form)
    again = await raw.post(path, key, **form)
    assert (first.status_code, again.status_code) == (402, 402)
    assert again.content == first.content
    charges = await shop.client.v1.charges.list_async({"payment_intent": intent.id})
    assert len(charges.data) == 1


async def test_a_refusal_by_the_state_is_kept_even_when_the_state_changes(
    shop: Shop, raw: Raw
) -> None:
    intent = await shop.intent()
    key, form = _key(), {"payment_intent": intent.id}
    assert (await raw.post("/refunds", key, **form)).status_code == 400
    _ = await shop.confirm(intent)
    again = await raw.post("/refunds", key, **form)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (400, "true")
    assert (await raw.post("/refunds", _key(), **form)).status_code == 200


async def test_a_key_with_other_parameters_is_refused(raw: Raw) -> None:
    key = _key()
    _ = await raw.post("/payment_intents", key, amount=1899, currency="eur")
    other = await raw.post("/payment_intents", key, amount=1900, currency="eur")
    assert other.status_code == 400
    assert other.json()["error"]["type"] == "idempotency_error"
    elsewhere = await raw.post("/refunds", key, amount=1899, currency="eur")
    assert elsewhere.status_code == 400


async def test_stripes_client_sees_a_reused_key_as_its_own_error(shop: Shop) -> None:
    key = _key()
    intents = shop.client.v1.payment_intents
    _ = await intents.create_async({"amount": 500, "currency": "eur"}, {"idempotency_key": key})
    with pytest.raises(stripe.IdempotencyError):
        _ = await intents.create_async({"amount": 501, "currency": "eur"}, {"idempotency_key": key})


async def test_what_was_refused_before_it_began_may_be_repeated_rightly(raw: Raw) -> None:
    key = _key()
    wrong = await raw.post("/payment_intents", key, amount=1, currency="eur")
    right = await raw.post("/payment_intents", key, amount=1899, currency="eur")
    assert (wrong.status_code, right.status_code) == (400, 200)


async def test_of_requests_with_one_key_at_once_one_is_executed(shop: Shop, raw: Raw) -> None:
    intent = await shop.paid()
    key = _key()

    async def refund() -> httpx.Response:
        return await raw.post("/refunds", key, payment_intent=intent.id, amount=100)

    answers = await asyncio.gather(*(refund() for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    bodies = {answer.content for answer in answers if answer.status_code == 200}
    assert len(bodies) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["error"]["code"] == "idempotency_key_in_use"
            assert answer.headers["stripe-should-retry"] == "true"
    refunds = await shop.client.v1.refunds.list_async({"payment_intent": intent.id})
    assert len(refunds.data) == 1


async def test_a_rival_is_refused_while_the_first_request_is_still_executed(
    running: Running, shop: Shop, raw: Raw
) -> None:
    intent = await shop.intent()
    key, path = _key(), f"/payment_intents/{intent.id}/cancel"
    lock = text("SELECT id FROM payment_intent WHERE id = :id FOR UPDATE")
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid <> 0")
    async with running.sandbox.engine.connect() as connection:
        _ = await connection.execute(lock, {"id": intent.id})
        first = asyncio.create_task(raw.post(path, key))

        async def begun() -> bool | None:
            return await connection.scalar(waiting) or None

        _ = await eventually(begun)
        rival = await raw.post(path, key)
        assert (rival.status_code, first.done()) == (409, False)
    assert (await first).status_code == 200


async def test_an_answer_is_never_kept_over_another(running: Running, raw: Raw) -> None:
    key = _key()
    kept = await raw.post("/payment_intents", key, amount=1899, currency="eur")
    late = Kept(Request(key, "POST /sandbox/v1/payment_intents", "x"), 200, b"{}", "req_late")
    async with AsyncSession(running.sandbox.engine) as session:
        with pytest.raises(KeyInUse):
            _ = await finish(session, now=datetime.now(UTC), told=[], due=[], kept=late)
    again = await raw.post("/payment_intents", key, amount=1899, currency="eur")
    assert again.content == kept.content


async def test_a_500_is_kept_and_nothing_was_done(shop: Shop, running: Running, raw: Raw) -> None:
    intent = await shop.paid()
    await running.misbehave(fault="error_500", times=1, match={"path_regex": "^/v1/refunds$"})
    key = _key()
    first = await raw.post("/refunds", key, payment_intent=intent.id)
    again = await raw.post("/refunds", key, payment_intent=intent.id)
    assert (first.status_code, again.status_code) == (500, 500)
    assert first.headers["stripe-should-retry"] == again.headers["stripe-should-retry"] == "false"
    assert again.content == first.content
    refunds = await shop.client.v1.refunds.list_async({"payment_intent": intent.id})
    assert refunds.data == []


async def test_a_500_may_hide_that_it_was_done(shop: Shop, running: Running, raw: Raw) -> None:
    intent = await shop.paid()
    await running.misbehave(fault="error_500_after", times=1, match={"path_regex": "/refunds$"})
    key = _key()
    statuses = [
        (await raw.post("/refunds", key, payment_intent=intent.id)).status_code for _ in range(2)
    ]
    assert statuses == [500, 500]
    refunds = await shop.client.v1.refunds.list_async({"payment_intent": intent.id})
    assert len(refunds.data) == 1


async def test_a_connection_that_is_lost_keeps_no_answer() -> None:
    end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    async with fresh_database("wareflow_sandbox") as url:
        settings = settings_for(Settings, url, pool_size=1)
        async with running_sandbox(settings, working=False) as running:
            raw, key = Raw(running), _key()
            form = {"amount": 1899, "currency": "eur"}
            assert (await raw.post("/payment_intents", _key(), **form)).status_code == 200
            elsewhere = create_async_engine(async_url(shared_server().url()))
            async with elsewhere.connect() as connection:
                _ = await connection.execute(end, {"name": database_of(url)})
            await elsewhere.dispose()
            lost = await raw.post("/payment_intents", key, **form)
            again = await raw.post("/payment_intents", key, **form)
    assert (lost.status_code, lost.headers["stripe-should-retry"]) == (503, "true")
    assert again.status_code == 200
    assert "idempotent-replayed" not in again.headers


async def test_a_key_is_forgotten_after_a_day_and_not_before() -> None:
    clock = FixedClock()
    async with fresh_database("wareflow_sandbox") as url:
        settings = settings_for(Settings, url)
        async with running_sandbox(settings, clock=clock) as running:
            prune = {poller.name: poller.run for poller in running.sandbox.pollers}["sandbox.prune"]
            raw, key = Raw(running), _key()
            first = await raw.post("/payment_intents", key, amount=1899, currency="eur")
            clock.advance(seconds=timedelta(hours=24).total_seconds() - 1)
            _ = await prune()
            kept = await raw.post("/payment_intents", key, amount=1899, currency="eur")
            clock.advance(seconds=2)
            _ = await prune()
            fresh = await raw.post("/payment_intents", key, amount=1899, currency="eur")
    assert kept.content == first.content
    assert fresh.json()["id"] != first.json()["id"]
