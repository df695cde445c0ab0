"""Nobody asks more often than they may; everybody else is not disturbed."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from wareflow_kit.ratelimit import RateLimit
from wareflow_kit.service import Service
from wareflow_kit.web.limits import client_of


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_full_bucket_lets_a_burst_through_and_then_fills_again() -> None:
    clock = Clock()
    limit = RateLimit(3, 60, clock=clock)
    assert [limit.take("a") for _ in range(3)] == [0, 0, 0]
    assert limit.take("a") == pytest.approx(20)
    clock.now += 20.1
    assert limit.take("a") == 0
    assert limit.take("a") > 0


def test_keys_do_not_share_a_bucket() -> None:
    limit = RateLimit(1, 60)
    assert limit.take("a") == 0
    assert limit.take("b") == 0
    assert limit.take("a") > 0


def test_only_so_many_keys_are_remembered() -> None:
    limit = RateLimit(1, 60, max_keys=100)
    for n in range(10_000):
        _ = limit.take(n)
    assert len(limit._buckets) == 100
    assert limit.take(9_999) > 0
    assert limit.take(0) == 0, "the longest unused is forgotten first"


@given(st.integers(1, 20), st.lists(st.floats(0, 100), max_size=200))
def test_no_window_lets_more_through_than_a_burst_and_the_refill(
    times: int, pauses: list[float]
) -> None:
    clock = Clock()
    limit, passed = RateLimit(times, 60, clock=clock), 0
    for pause in pauses:
        clock.now += pause
        passed += limit.take("a") == 0
    assert passed <= times + sum(pauses) * times / 60 + 1e-6


async def test_too_many_requests_are_told_when_to_come_back(http: httpx.AsyncClient) -> None:
    answers = [await http.get("/shop/v1/limited") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 30


async def test_another_app_counts_for_itself(shop: Service, http: httpx.AsyncClient) -> None:
    assert (await http.get("/shop/v1/limited")).status_code == 200
    assert list(shop.app.state.rate_limits) == ["shop"]


def request_from(host: str | None) -> Request:
    return Request({"type": "http", "client": (host, 1) if host else None})


def test_clients_are_known_by_their_network() -> None:
    assert client_of(request_from("203.0.113.7")) == "203.0.113.7"
    assert client_of(request_from("2001:db8:1:2:3::4")) == "2001:db8:1:2::/64"
    assert client_of(request_from("testclient")) == "testclient"
    assert client_of(request_from(None)) == "unknown"


@pytest.mark.parametrize(
    ("encoding", "status"), [("gzip", 415), ("zstd, gzip", 415), ("identity", 404)]
)
async def test_nothing_compressed_is_unpacked(
    http: httpx.AsyncClient, encoding: str, status: int
) -> None:
    answer = await http.post(
        "/shop/v1/nothing", content=b"x", headers={"Content-Encoding": encoding}
    )

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
