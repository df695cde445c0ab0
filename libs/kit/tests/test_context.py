"""Requests carry an id and a trace, are counted by route, and are limited in size."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from wareflow_kit.service import Service
from wareflow_kit.web.health import reasons_against

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def counted(route: str, *, status: str, method: str = "GET") -> float:
    labels = {"service": "shop", "method": method, "route": route, "status": status}
    return REGISTRY.get_sample_value("http_requests_total", labels) or 0


async def test_a_sane_request_id_is_kept(http: httpx.AsyncClient) -> None:
    answer = await http.get("/shop/v1/whoami", headers={"X-Request-Id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "é", "a\tb"])
async def test_any_other_request_id_is_replaced(http: httpx.AsyncClient, given: str) -> None:
    answer = await http.get("/shop/v1/whoami", headers=[(b"X-Request-Id", given.encode("latin-1"))])
    assert len(answer.headers["x-request-id"]) == 36


async def test_the_callers_trace_goes_on(http: httpx.AsyncClient) -> None:
    answer = await http.get(
        "/shop/v1/trace", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    )
    assert answer.json() == {"trace_id": TRACE, "span_id": "00f067aa0ba902b7"}


@pytest.mark.parametrize("given", [None, "nonsense", f"00-{'0' * 32}-00f067aa0ba902b7-01"])
async def test_without_a_trace_each_request_begins_one(
    http: httpx.AsyncClient, given: str | None
) -> None:
    headers = {"traceparent": given} if given else {}
    first = (await http.get("/shop/v1/trace", headers=headers)).json()["trace_id"]
    second = (await http.get("/shop/v1/trace", headers=headers)).json()["trace_id"]
    assert int(first, 16) > 0
    assert first != second


async def test_requests_are_counted_by_route_and_never_by_id(http: httpx.AsyncClient) -> None:
    nobody = "018f0000-0000-7000-8000-000000000000"
    before = counted("/shop/v1/items/{item_id}", status="404")
    _ = await http.get(f"/shop/v1/items/{nobody}")
    assert counted("/shop/v1/items/{item_id}", status="404") == before + 1
    _ = await http.get("/no/such/path")
    assert counted("unmatched", status="404") >= 1
    assert nobody not in (await http.get("/metrics")).text


async def test_an_invented_method_is_not_a_label(http: httpx.AsyncClient) -> None:
    _ = await http.request("BREW", "/shop/v1/items")
    assert "BREW" not in (await http.get("/metrics")).text


async def test_faults_are_counted_as_500_and_logged_with_the_request_id(
    http: httpx.AsyncClient,
) -> None:
    before = counted("/shop/v1/broken", status="500")
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        _ = await http.get("/shop/v1/broken", headers={"X-Request-Id": "find-me"})
    assert counted("/shop/v1/broken", status="500") == before + 1
    (fault,) = [line for line in lines if line["event"] == "http.fault"]
    assert fault["exc_info"]
    assert fault["request_id"] == "find-me"


async def test_each_request_is_one_line_without_its_query(http: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        _ = await http.get("/shop/v1/items?after=c2VjcmV0")
        _ = await http.get("/health/live")
    (line,) = lines
    assert line["route"] == "/shop/v1/items"
    assert "c2VjcmV0" not in str(line)


async def test_an_answer_that_breaks_half_way_breaks_the_connection(
    http: httpx.AsyncClient,
) -> None:
    before = counted("/shop/v1/half", status="500")
    with pytest.raises(ZeroDivisionError):
        _ = await http.get("/shop/v1/half")
    assert counted("/shop/v1/half", status="500") == before + 1


async def test_a_body_announced_too_large_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/shop/v1/guest-items", content=b"x" * 1001)
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/payload-too-large"
    assert "x-request-id" in answer.headers


async def chunks(size: int, times: int) -> AsyncIterator[bytes]:
    for _ in range(times):
        yield b"x" * size


async def test_a_body_that_grows_too_large_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/shop/v1/guest-items",
        content=chunks(100, 100),
        headers={"Content-Type": "application/json", "Idempotency-Key": "1"},
    )
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_path_may_take_larger_bodies(http: httpx.AsyncClient) -> None:
    answer = await http.post("/shop/v1/upload", content=chunks(100_000, 20))
    assert answer.json() == 2_000_000
    answer = await http.post("/shop/v1/upload", content=chunks(100_000, 41))
    assert answer.status_code == 413


async def test_browsers_of_known_stores_may_call(http: httpx.AsyncClient) -> None:
    known = await http.options(
        "/shop/v1/items",
        headers={"Origin": "https://store.test", "Access-Control-Request-Method": "POST"},
    )
    assert known.headers["access-control-allow-origin"] == "https://store.test"
    unknown = await http.get("/shop/v1/items", headers={"Origin": "https://evil.test"})
    assert "access-control-allow-origin" not in unknown.headers


async def test_alive_and_ready(http: httpx.AsyncClient) -> None:
    assert (await http.get("/health/live")).json() == {"status": "live"}
    assert (await http.get("/health/ready")).status_code == 200


async def test_a_busy_pool_is_no_reason_against_it(shop: Service, http: httpx.AsyncClient) -> None:
    async with AsyncExitStack() as busy:
        for _ in range(shop.settings.pool_size):
            _ = await busy.enter_async_context(shop.engine.connect())
        assert (await http.get("/health/ready")).status_code == 200


async def test_a_check_that_hangs_is_a_reason_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wareflow_kit.web.health._PATIENCE", 0.01)

    async def hanging() -> str | None:
        await asyncio.sleep(60)
        return None

    async def unwell() -> str | None:
        return "unwell"

    async def broken() -> str | None:
        raise LookupError

    async def well() -> str | None:
        return None

    assert await reasons_against([hanging, unwell, broken, well]) == [
        "hanging: no answer in 0.01 s",
        "unwell",
        "broken: LookupError",
    ]


async def test_without_its_database_it_is_alive_but_not_ready() -> None:
    from shop.main import build
    from shop.settings import Settings

    from wareflow_kit.testing import Unplugged, client, settings_for

    settings = settings_for(Settings, "postgresql://nobody@127.0.0.1:1/nowhere")
    service = build(settings, broker=Unplugged())
    async with client(service) as http:
        assert (await http.get("/health/live")).status_code == 200
        answer = await http.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["reasons"][0].startswith("database: ")
        assert (await http.get("/shop/v1/items")).status_code == 503
    await service.close()
