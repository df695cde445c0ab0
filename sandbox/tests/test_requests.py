"""Requests that are not right: keys, parameters, addresses."""

import base64

import httpx
import pytest
import stripe
from prometheus_client import REGISTRY

from wareflow_sandbox.testing import Running, Shop, open_shop

INTENTS = "/v1/payment_intents"


@pytest.fixture
def sk() -> dict[str, str]:
    return {"Authorization": "Bearer sk_test_sandbox"}


async def _post(running: Running, path: str, body: str, headers: dict[str, str]) -> httpx.Response:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.post(f"{running.url}{path}", content=body, headers={**form, **headers})


async def _get(running: Running, path: str, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(f"{running.url}{path}", headers=headers)


async def test_a_wrong_key_is_not_let_in_and_not_repeated(running: Running) -> None:
    async with open_shop(running.url, key="sk_test_somebody_else_1234") as stranger:
        with pytest.raises(stripe.AuthenticationError) as refused:
            _ = await stranger.intent()
    assert refused.value.http_status == 401
    assert "somebody" not in str(refused.value)


async def test_no_key_is_not_let_in(running: Running) -> None:
    response = await _get(running, INTENTS, {})
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert response.headers["request-id"].startswith("req_")


async def test_a_key_may_come_as_the_user_of_basic_authentication(running: Running) -> None:
    user = base64.b64encode(b"sk_test_sandbox:").decode()
    assert (await _get(running, INTENTS, {"Authorization": f"Basic {user}"})).status_code == 200
    broken = await _get(running, INTENTS, {"Authorization": "Basic %%%"})
    assert broken.status_code == 401


async def test_a_browser_sends_its_key_in_the_form(running: Running, shop: Shop) -> None:
    intent = await shop.intent()
    form = {"key": "pk_test_sandbox", "client_secret": intent.client_secret or ""}
    body = str(httpx.QueryParams({**form, "payment_method": "pm_card_visa"}))
    paid = await _post(running, f"{INTENTS}/{intent.id}/confirm", body, {})
    assert paid.json()["status"] == "succeeded"
    seen = await _get(running, f"{INTENTS}/{intent.id}?{httpx.QueryParams(form)}", {})
    assert seen.json()["status"] == "succeeded"


@pytest.mark.parametrize("path", [INTENTS, "/v1/refunds", "/v1/events", "/v1/charges"])
async def test_a_publishable_key_reads_no_lists(running: Running, path: str) -> None:
    response = await _get(running, path, {"Authorization": "Bearer pk_test_sandbox"})
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "secret_key_required"


async def test_a_browser_without_the_secret_sees_no_intent(running: Running, shop: Shop) -> None:
    intent = await shop.intent()
    headers = {"Authorization": "Bearer pk_test_sandbox"}
    response = await _get(running, f"{INTENTS}/{intent.id}", headers)
    assert response.json()["error"]["code"] == "parameter_missing"


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ("currency=eur", "parameter_missing", "amount"),
        ("amount=&currency=eur", "parameter_invalid_empty", "amount"),
        ("amount=18.99&currency=eur", "parameter_invalid_integer", "amount"),
        ("amount=1899&currency=eur&colour=red", "parameter_unknown", "colour"),
        ("amount=1899&currency=eur&customer=cus_1", "parameter_unknown", "customer"),
        ("amount=1899&currency=eur&capture_method=later", None, "capture_method"),
        ("amount=1899&currency=eur&metadata=x", None, "metadata"),
        (f"amount=1899&currency=eur&metadata[{'k' * 41}]=x", None, "metadata"),
        (f"amount=1899&currency=eur&metadata[k]={'v' * 501}", "parameter_invalid_string", None),
        ("amount=1&amount[x]=2&currency=eur", None, "amount[x]"),
        ("amount=1899&currency=eur&return_url=https://a.example", None, "return_url"),
        (
            "amount=99&currency=eur&automatic_payment_methods[enabled]=1&payment_method_types[]=card",
            None,
            None,
        ),
        ("amount=1899&currency=eur&a[[]=1", None, None),
        (f"amount=1899&currency=eur&statement_descriptor_suffix={'S' * 23}", None, None),
    ],
)
async def test_a_wrong_parameter_is_named(
    running: Running, sk: dict[str, str], body: str, code: str | None, param: str | None
) -> None:
    response = await _post(running, INTENTS, body, sk)
    error = response.json()["error"]
    assert response.status_code == 400
    assert error["type"] == "invalid_request_error"
    if code is not None:
        assert error["code"] == code
    if param is not None:
        assert error["param"] == param


async def test_metadata_keys_may_look_like_positions(running: Running, sk: dict[str, str]) -> None:
    body = "amount=1899&currency=eur&metadata[0]=a&metadata[1]=b&expand[]=latest_charge"
    response = await _post(running, INTENTS, body, sk)
    assert response.json()["metadata"] == {"0": "a", "1": "b"}


async def test_what_cannot_be_stored_is_refused(running: Running, sk: dict[str, str]) -> None:
    for field in ("description", "metadata[k]"):
        response = await _post(running, INTENTS, f"amount=1899&currency=eur&{field}=a%00b", sk)
        assert (response.status_code, response.json()["error"]["type"]) == (
            400,
            "invalid_request_error",
        )
    assert (await _get(running, f"{INTENTS}/pi_%00", sk)).status_code == 400


async def test_json_is_not_read(running: Running, sk: dict[str, str]) -> None:
    headers = {**sk, "Content-Type": "application/json"}
    response = await _post(running, INTENTS, '{"amount": 1899}', headers)
    assert response.status_code == 400
    assert "application/x-www-form-urlencoded" in response.json()["error"]["message"]


async def test_a_body_that_is_too_large_or_no_text_is_refused(
    running: Running, sk: dict[str, str]
) -> None:
    large = await _post(running, INTENTS, "description=" + "x" * 300_000, sk)
    assert large.status_code == 413
    many = await _post(running, INTENTS, "&".join(f"a[{n}]=1" for n in range(2000)), sk)
    assert many.status_code == 400
    broken = await _post(running, INTENTS, "amount=%ff&currency=eur", sk)
    assert broken.status_code == 400


async def test_an_unknown_address_is_said_to_be_unknown(running: Running) -> None:
    response = await _get(running, "/v1/customers", {})
    assert response.status_code == 404
    assert "GET: /v1/customers" in response.json()["error"]["message"]


async def test_any_page_may_call_from_a_browser(running: Running) -> None:
    headers = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    async with httpx.AsyncClient(trust_env=False) as http:
        response = await http.options(f"{running.url}{INTENTS}/pi_1/confirm", headers=headers)
    assert response.headers["access-control-allow-origin"] == "*"


async def test_it_says_that_it_is_alive_and_ready(running: Running) -> None:
    site = running.url.removesuffix("/sandbox")
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{site}/health/live")).status_code == 200
        assert (await http.get(f"{site}/health/ready")).status_code == 200
        documented = (await http.get(f"{running.url}/openapi.json")).json()
    assert "/sandbox/v1/_config/faults" in documented["paths"]


async def test_requests_are_counted_by_route(
    running: Running, shop: Shop, sk: dict[str, str]
) -> None:
    labels = {"service": "sandbox", "method": "GET", "status": "200"}
    labels["route"] = "/sandbox/v1/payment_intents/{id}"
    before = REGISTRY.get_sample_value("http_requests_total", labels) or 0
    intent = await shop.intent()
    _ = await _get(running, f"{INTENTS}/{intent.id}", sk)
    assert REGISTRY.get_sample_value("http_requests_total", labels) == before + 1
