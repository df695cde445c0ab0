"""Every answer that is not a success is a problem document, and tells nobody too much."""

import httpx
import pytest
from shop.model import ItemSold, NoSuchItem

from wareflow_kit.refusals import Conflict, Refusal, TooManyRequests
from wareflow_kit.service import Service
from wareflow_kit.testing import client
from wareflow_kit.web.problems import refusals, refused

PROBLEM = "application/problem+json"
NOBODY = "018f0000-0000-7000-8000-000000000000"


def test_a_refusal_is_named_after_its_class() -> None:
    class SKUTakenTwice(Conflict):
        """That SKU
        is taken."""

    assert SKUTakenTwice.slug == "sku-taken-twice"
    assert SKUTakenTwice.title == "Sku taken twice"
    assert SKUTakenTwice().detail == "That SKU is taken."
    assert str(SKUTakenTwice("no")) == "no"
    assert SKUTakenTwice.status == 409


def test_a_refusal_cannot_say_two_things_of_one_name() -> None:
    with pytest.raises(TypeError):
        _ = Refusal(status=3)


def test_a_refusal_says_when_to_come_back() -> None:
    assert refused(TooManyRequests(retry_after=7)).headers["retry-after"] == "7"


async def test_a_refusal_is_answered_with_its_members(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/shop/v1/items/{NOBODY}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["retry-after"] == "1"
    assert answer.json() == {
        "type": "/problems/no-such-item",
        "title": "No such item",
        "status": 404,
        "detail": "There is no such item.",
        "item_id": NOBODY,
    }


async def test_a_wrong_field_is_named_with_its_path(staff: httpx.AsyncClient) -> None:
    answer = await staff.post(
        "/shop/v1/items",
        json={"name": "", "price": "dear", "labels": {"a": 1}},
        headers={"Idempotency-Key": "1"},
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert problem["type"] == "/problems/invalid-request"
    assert {error["loc"] for error in problem["errors"]} == {
        "body.name",
        "body.price",
        "body.labels.a",
    }
    assert {"loc", "message", "type"} == set(problem["errors"][0])


async def test_broken_json_is_an_invalid_request(staff: httpx.AsyncClient) -> None:
    answer = await staff.post(
        "/shop/v1/items", content=b'{"name": ', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["type"] == "json_invalid"


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/shop/v1/items/", 404, "not-found"),
        ("DELETE", "/shop/v1/items", 405, "method-not-allowed"),
        ("GET", "/shop/v1/items/not-an-id", 422, "invalid-request"),
        ("GET", "/shop/v1/items?limit=0", 422, "invalid-request"),
        ("GET", "/shop/v1/items?after=nonsense", 422, "invalid-cursor"),
        ("GET", "/shop/v1/broken?how=invalid", 422, "invalid"),
    ],
)
async def test_whatever_is_wrong_is_a_problem_document(
    http: httpx.AsyncClient, method: str, path: str, status: int, slug: str
) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["type"] == f"/problems/{slug}"
    assert answer.json()["status"] == status


async def test_a_wrong_method_is_told_which_are_right(http: httpx.AsyncClient) -> None:
    answer = await http.delete("/shop/v1/trace")
    assert answer.headers["allow"] == "GET"


async def test_a_bug_is_a_500_that_says_nothing(http: httpx.AsyncClient) -> None:
    answer = await http.get("/shop/v1/broken", headers={"Origin": "https://store.test"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == PROBLEM
    assert "secret" not in answer.text
    assert "x-request-id" in answer.headers
    assert answer.headers["access-control-allow-origin"] == "https://store.test"


async def test_a_failed_commit_is_not_answered_as_done(http: httpx.AsyncClient) -> None:
    answer = await http.post("/shop/v1/late-fault")
    assert answer.status_code == 500


async def test_a_database_that_takes_too_long_is_a_503_to_repeat(http: httpx.AsyncClient) -> None:
    answer = await http.get("/shop/v1/busy")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


async def test_a_connection_that_broke_is_a_503_and_the_next_request_works(shop: Service) -> None:
    async with client(shop) as http:
        assert (await http.get("/shop/v1/items")).status_code == 200
        async with shop.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            assert raw.driver_connection is not None
            raw.driver_connection.terminate()
            await connection.invalidate()
        assert (await http.get("/shop/v1/items")).status_code in {200, 503}
        assert (await http.get("/shop/v1/items")).status_code == 200


def test_documented_refusals_are_grouped_by_status() -> None:
    documented = refusals(NoSuchItem, ItemSold, Conflict)
    assert set(documented) == {404, 409}
    examples = documented[409]["content"][PROBLEM]["examples"]
    assert set(examples) == {"item-sold", "conflict"}
    assert examples["item-sold"]["value"]["type"] == "/problems/item-sold"
