"""Faults on request, as a client meets them."""

import time

import httpx
import pytest
import stripe

from wareflow_sandbox.testing import Running, Shop, error_of, open_shop


async def test_an_answer_that_is_lost_beforehand_leaves_nothing(
    running: Running, shop: Shop
) -> None:
    intent = await shop.intent()
    await running.misbehave(fault="timeout_before", match={"path_regex": "/confirm$"})
    async with open_shop(running.url, timeout=0.5) as impatient:
        with pytest.raises(stripe.APIConnectionError):
            _ = await impatient.confirm(intent)
    assert (await shop.again(intent)).status == "requires_payment_method"


async def test_an_answer_that_is_lost_afterwards_leaves_the_payment(
    running: Running, shop: Shop
) -> None:
    intent = await shop.intent()
    await running.misbehave(fault="timeout_after", times=1, match={"path_regex": "/confirm$"})
    async with open_shop(running.url, timeout=0.5) as impatient:
        with pytest.raises(stripe.APIConnectionError):
            _ = await impatient.confirm(intent)
    assert (await shop.again(intent)).status == "succeeded"


async def test_stripes_client_gets_over_a_lost_answer_by_itself(
    running: Running, shop: Shop
) -> None:
    intent = await shop.intent()
    await running.misbehave(fault="timeout_after", times=1, match={"path_regex": "/confirm$"})
    async with open_shop(running.url, timeout=3, retries=1) as impatient:
        paid = await impatient.confirm(intent)
    assert paid.status == "succeeded"
    charges = await shop.client.v1.charges.list_async({"payment_intent": intent.id})
    assert len(charges.data) == 1


async def test_an_answer_that_nobody_waits_for_ends_as_a_504(running: Running, shop: Shop) -> None:
    await running.misbehave(fault="timeout_before", times=1, seconds=0.05)
    with pytest.raises(stripe.APIError) as lost:
        _ = await shop.intent()
    assert lost.value.http_status == 504


async def test_a_conflict_and_a_rate_limit_say_whether_to_retry(
    running: Running, shop: Shop
) -> None:
    await running.misbehave(fault="conflict_409", times=1)
    with pytest.raises(stripe.APIError) as conflict:
        _ = await shop.intent()
    assert conflict.value.http_status == 409
    assert conflict.value.headers is not None
    assert conflict.value.headers["stripe-should-retry"] == "true"
    await running.misbehave(fault="rate_limit_429", times=1)
    with pytest.raises(stripe.RateLimitError) as limited:
        _ = await shop.intent()
    assert error_of(limited.value)["code"] == "rate_limit"


async def test_a_slow_answer_comes_late(running: Running, shop: Shop) -> None:
    await running.misbehave(fault="slow", times=1, seconds=0.2)
    began = time.perf_counter()
    _ = await shop.intent()
    assert time.perf_counter() - began >= 0.2


async def test_what_is_forgotten_is_answered_and_not_done(running: Running, shop: Shop) -> None:
    intent = await shop.intent()
    await running.misbehave(fault="forgotten", times=1, match={"path_regex": "/cancel$"})
    answered = await shop.client.v1.payment_intents.cancel_async(intent.id)
    assert answered.status == "canceled"
    assert (await shop.again(intent)).status == "requires_payment_method"
    assert (await shop.confirm(intent)).status == "succeeded"


async def test_a_reading_request_may_break_too(running: Running, shop: Shop) -> None:
    intent = await shop.intent()
    await running.misbehave(fault="error_500", times=1, match={"method": "GET"})
    with pytest.raises(stripe.APIError) as broken:
        _ = await shop.again(intent)
    assert broken.value.http_status == 500
    assert "stripe-should-retry" not in (broken.value.headers or {})
    assert (await shop.again(intent)).id == intent.id


async def test_a_fault_may_wait_for_its_turn(running: Running, shop: Shop) -> None:
    await running.misbehave(fault="conflict_409", after=2, times=1)
    statuses: list[int | None] = []
    for _ in range(4):
        try:
            _ = await shop.intent()
            statuses.append(200)
        except stripe.APIError as error:
            statuses.append(error.http_status)
    assert statuses == [200, 200, 409, 200]


async def test_faults_are_listed_with_their_hits_and_cleared(running: Running, shop: Shop) -> None:
    await running.misbehave(fault="slow", seconds=0, match={"path_regex": "^/v1/payment_intents$"})
    _ = await shop.intent()
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    async with httpx.AsyncClient(headers=headers, trust_env=False) as http:
        address = f"{running.url}/v1/_config/faults"
        listed = (await http.get(address)).json()["faults"]
        assert [(fault["rule"]["fault"], fault["hits"]) for fault in listed] == [("slow", 1)]
        assert (await http.delete(address)).json() == {"faults": []}


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": "explode"},
        {"fault": "slow", "probability": 2},
        {"fault": "slow", "match": {"path_regex": "("}},
        {"fault": "slow", "typo": 1},
    ],
)
async def test_a_wrong_rule_is_refused(running: Running, rule: dict[str, object]) -> None:
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    async with httpx.AsyncClient(headers=headers, trust_env=False) as http:
        response = await http.post(f"{running.url}/v1/_config/faults", json=rule)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert not running.sandbox.settings.faults


async def test_the_shops_customers_cannot_cause_faults(running: Running) -> None:
    headers = {"Authorization": "Bearer pk_test_sandbox"}
    async with httpx.AsyncClient(headers=headers, trust_env=False) as http:
        response = await http.post(f"{running.url}/v1/_config/faults", json={"fault": "slow"})
    assert response.status_code == 403
