"""Prefer, ETag, If-None-Match and If-Match."""

from uuid import uuid4

import httpx
import pytest

from wareflow_kit.web.caching import etag_of
from wareflow_kit.web.prefer import wait_of


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("wait=5", 5),
        ("respond-async, wait=10", 10),
        ("wait=3; foo=bar", 3),
        ("Wait = 7", 7),
        ('wait="4"', 4),
        ("wait=3600", 30),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("await=9", 0),
        ("wait=99999999999999", 0),
        ("wait", 0),
    ],
)
def test_a_preference_is_understood_or_ignored(header: str | None, seconds: float) -> None:
    assert wait_of(header) == seconds


async def test_a_granted_wait_is_told(http: httpx.AsyncClient) -> None:
    answer = await http.get("/shop/v1/wait", headers={"Prefer": "wait=5"})
    assert answer.json() == 5
    assert answer.headers["preference-applied"] == "wait=5"
    assert "preference-applied" not in (await http.get("/shop/v1/wait")).headers


def test_an_etag_follows_from_all_its_parts() -> None:
    assert etag_of("a", 1) == etag_of("a", 1)
    assert len({etag_of("a", 1), etag_of("a", 2), etag_of("a1"), etag_of("a", 1, "de")}) == 4


@pytest.fixture
async def lamp(staff: httpx.AsyncClient) -> str:
    answer = await staff.post(
        "/shop/v1/items",
        json={"name": "lamp", "price": 1},
        headers={"Idempotency-Key": str(uuid4())},
    )
    return f"/shop/v1/items/{answer.json()['id']}"


async def test_an_unchanged_thing_costs_no_body(http: httpx.AsyncClient, lamp: str) -> None:
    first = await http.get(lamp)
    assert first.headers["cache-control"] == "private, no-cache"
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await http.get(lamp, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    assert (await http.get(lamp, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_a_write_from_an_old_version_is_refused(http: httpx.AsyncClient, lamp: str) -> None:
    etag = (await http.get(lamp)).headers["etag"]
    assert (await http.put(f"{lamp}/price/5", headers={"If-Match": etag})).status_code == 204
    late = await http.put(f"{lamp}/price/6", headers={"If-Match": etag})
    assert late.status_code == 412
    assert (await http.get(lamp)).json()["price"] == 5
    assert (await http.get(lamp)).headers["etag"] != etag
    assert (await http.put(f"{lamp}/price/6")).status_code == 428
    assert (await http.put(f"{lamp}/price/6", headers={"If-Match": "*"})).status_code == 204
