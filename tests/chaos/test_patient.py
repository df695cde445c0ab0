"""The shoppers' client repeats what may be repeated, and nothing else."""

import httpx
import pytest
from tests.chaos.patient import Patient


class Answering(httpx.AsyncBaseTransport):
    """Answers by the number of the request, from 1; None hangs up."""

    def __init__(self, *answers: httpx.Response | None) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise httpx.ConnectError("refused")
        return answer


def a_client(shop: Answering, *, patience: float = 20) -> tuple[httpx.AsyncClient, Patient]:
    patient = Patient(patience=patience, transport=shop)
    return httpx.AsyncClient(transport=patient, base_url="http://shop"), patient


async def test_a_request_with_a_key_is_sent_again_as_it_was() -> None:
    shop = Answering(None, httpx.Response(503), httpx.Response(202))
    client, patient = a_client(shop)
    answer = await client.post("/orders", json={"a": 1}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 202
    assert len(shop.asked) == 3
    assert {(r.content, r.headers["Idempotency-Key"]) for r in shop.asked} == {(b'{"a":1}', "k")}
    assert patient.gave_up == []


async def test_a_post_without_a_key_is_sent_once() -> None:
    shop = Answering(httpx.Response(503))
    client, patient = a_client(shop)
    assert (await client.post("/orders/v1/carts")).status_code == 503
    assert len(shop.asked) == 1
    assert patient.gave_up == []


async def test_a_fault_that_the_gateway_keeps_under_the_key_is_final() -> None:
    shop = Answering(
        httpx.Response(500), httpx.Response(500, headers={"Idempotent-Replayed": "true"})
    )
    client, patient = a_client(shop)
    answer = await client.post("/sandbox/v1/refunds", headers={"Idempotency-Key": "k"})
    assert answer.status_code == 500
    assert len(shop.asked) == 2
    assert patient.gave_up == []


@pytest.mark.parametrize("answer", [None, httpx.Response(503)])
async def test_a_shop_that_stays_away_is_a_breach(answer: httpx.Response | None) -> None:
    client, patient = a_client(Answering(answer), patience=0)
    try:
        _ = await client.get("/orders/v1/orders/1")
    except httpx.ConnectError:
        assert answer is None
    (said,) = patient.gave_up
    assert said.startswith("GET /orders/v1/orders/1")


async def test_who_says_not_yet_is_not_away() -> None:
    not_yet = httpx.Response(404, headers={"Retry-After": "1"})
    client, patient = a_client(Answering(not_yet), patience=0)
    assert (await client.get("/payments/v1/payments/1")).status_code == 404
    assert patient.gave_up == []


async def test_a_refusal_is_an_answer() -> None:
    shop = Answering(httpx.Response(409))
    client, _ = a_client(shop)
    answer = await client.post("/orders/v1/carts", headers={"Idempotency-Key": "k"})
    assert answer.status_code == 409
    assert len(shop.asked) == 1
