"""Stripe's client: every way an answer can go wrong, in the port's words."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from payments.gateways.gateway import NotNow, NotOurs, Refused, Unanswered
from payments.gateways.stripe_client import StripeGateway
from payments.testing import a_payment_due, a_request
from wareflow_sandbox.testing import running_app

Answer = Callable[[Request], Response]


@dataclass
class Server:
    """Answers every request as it is told, and remembers what it was asked."""

    answer: Answer = lambda _request: Response(status_code=204)
    asked: list[Request] = field(default_factory=list[Request])
    bodies: list[str] = field(default_factory=list[str])

    async def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        self.bodies.append((await request.body()).decode())
        return self.answer(request)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def gateway(server: Server) -> AsyncGenerator[StripeGateway]:
    app = Starlette(routes=[Route("/{path:path}", server.__call__, methods=["GET", "POST"])])
    async with running_app(app) as url:
        made = StripeGateway(url=url, key="sk_test_sandbox", timeout=1)
        yield made
        await made.close()


def error(status: int, code: str | None = None, kind: str = "api_error", **headers: str) -> Answer:
    body = {"error": {"type": kind, "code": code, "message": "No."}}
    return lambda _request: JSONResponse(body, status, headers)


def always(response: Response) -> Answer:
    return lambda _request: response


def replayed(status: int) -> Answer:
    return error(status, None, **{"idempotent-replayed": "true"})


@pytest.mark.parametrize(
    ("answer", "raised", "spent"),
    [
        (error(500), Unanswered, False),
        (replayed(500), Unanswered, True),
        (error(503), Unanswered, False),
        (always(Response("<html>", 502)), Unanswered, False),
        (always(Response("not json", 200)), Unanswered, False),
        (always(JSONResponse({"id": "pi_1", "object": "payment_intent"})), Unanswered, False),
        (error(400, None, "idempotency_error"), Unanswered, True),
        (error(409, "idempotency_key_in_use", "idempotency_error"), NotNow, None),
        (error(429, "rate_limit"), NotNow, None),
        (error(401), NotOurs, None),
        (error(403), NotOurs, None),
        (error(400, "amount_too_small", "invalid_request_error"), Refused, None),
        (error(402, "card_declined", "card_error"), Refused, None),
        (error(404, "resource_missing", "invalid_request_error"), Refused, None),
    ],
)
async def test_each_answer_that_is_not_a_success_has_one_meaning(
    gateway: StripeGateway,
    server: Server,
    answer: Answer,
    raised: type[Exception],
    spent: bool | None,
) -> None:
    server.answer = answer
    with pytest.raises(raised) as caught:
        _ = await gateway.create_intent(a_request(a_payment_due(), uuid4(), uuid4()))
    assert getattr(caught.value, "spent", None) is spent
    assert len(server.asked) == 1  # it never tries again by itself


async def test_a_server_that_is_not_there_gives_no_answer() -> None:
    gateway = StripeGateway(url="http://127.0.0.1:9", key="sk_test_sandbox", timeout=1)
    with pytest.raises(Unanswered):
        _ = await gateway.retrieve_intent("pi_1")
    await gateway.close()


async def test_a_server_that_is_silent_gives_no_answer(server: Server) -> None:
    import asyncio

    ended = asyncio.Event()

    async def silent(_request: Request) -> Response:
        _ = await ended.wait()
        return Response()

    app = Starlette(routes=[Route("/{path:path}", silent)])
    async with running_app(app) as url:
        gateway = StripeGateway(url=url, key="sk_test_sandbox", timeout=0.05)
        with pytest.raises(Unanswered):
            _ = await gateway.retrieve_intent("pi_1")
        ended.set()
        await gateway.close()


async def test_our_ids_and_our_key_go_with_the_request(
    gateway: StripeGateway, server: Server
) -> None:
    server.answer = error(500)
    due, payment_id, operation_id = a_payment_due(), uuid4(), uuid4()
    with pytest.raises(Unanswered):
        _ = await gateway.create_intent(a_request(due, payment_id, operation_id))
    (asked,), (body,) = server.asked, server.bodies
    assert asked.headers["idempotency-key"] == str(operation_id)
    assert asked.headers["authorization"] == "Bearer sk_test_sandbox"
    for written in (due.order_id, payment_id, operation_id, "amount=1899", "currency=eur"):
        assert str(written) in body


async def test_calls_are_counted_by_what_came_of_them(
    gateway: StripeGateway, server: Server
) -> None:
    server.answer = error(429)
    labels = {"operation": "retrieve_intent", "outcome": "not_now"}
    before = REGISTRY.get_sample_value("gateway_requests_total", labels) or 0
    with pytest.raises(NotNow):
        _ = await gateway.retrieve_intent("pi_1")
    assert REGISTRY.get_sample_value("gateway_requests_total", labels) == before + 1


async def test_a_search_goes_through_all_pages(gateway: StripeGateway, server: Server) -> None:
    wanted = uuid4()

    def page(request: Request) -> Response:
        after = request.query_params.get("starting_after")
        number = int(after.removeprefix("re_")) + 1 if after else 0
        notes: dict[str, Any] = {"operation_id": str(wanted)} if number == 3 else {}
        refund = {
            "id": f"re_{number}",
            "object": "refund",
            "status": "succeeded",
            "amount": 1,
            "currency": "eur",
            "metadata": notes,
        }
        return JSONResponse({"object": "list", "data": [refund], "has_more": number < 3})

    server.answer = page
    found = await gateway.find_refund(wanted, intent_id="pi_1")
    assert found is not None
    assert found.id == "re_3"
    assert await gateway.find_refund(uuid4(), intent_id="pi_1") is None
