"""The document is a contract: short unique names, and errors as they are."""

from enum import StrEnum
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends
from shop.main import app_with

from wareflow_kit.service import Service
from wareflow_kit.testing import client
from wareflow_kit.web.access import ANYBODY
from wareflow_kit.web.openapi import DuplicateOperation, DuplicateSchema


async def test_operations_are_named_after_their_functions(http: httpx.AsyncClient) -> None:
    text = (await http.get("/shop/openapi.json")).json()
    assert text["paths"]["/shop/v1/items"]["post"]["operationId"] == "shop_add_item"
    assert text["paths"]["/shop/v1/items/{item_id}"]["get"]["operationId"] == "shop_get_item"


async def test_errors_are_documented_as_problem_documents(http: httpx.AsyncClient) -> None:
    document = (await http.get("/shop/openapi.json")).json()
    assert {"Problem", "InvalidRequest", "InvalidField"} <= set(document["components"]["schemas"])
    assert "HTTPValidationError" not in document["components"]["schemas"]
    operation = document["paths"]["/shop/v1/items"]["post"]
    for status, response in operation["responses"].items():
        if status != "201":
            assert set(response["content"]) == {"application/problem+json"}
            assert "schema" in response["content"]["application/problem+json"]
    assert {"409", "422", "default"} <= set(operation["responses"])


async def test_a_validation_error_matches_its_schema(staff: httpx.AsyncClient) -> None:
    from jsonschema import Draft202012Validator

    document = (await staff.get("/shop/openapi.json")).json()
    answer = await staff.post("/shop/v1/items", json={}, headers={"Idempotency-Key": "1"})
    schema = {"$ref": "#/components/schemas/InvalidRequest", "components": document["components"]}
    validator: Any = Draft202012Validator(schema)
    assert list(validator.iter_errors(answer.json())) == []


async def test_bearer_tokens_are_documented_where_they_are_read(http: httpx.AsyncClient) -> None:
    document = (await http.get("/shop/openapi.json")).json()
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["paths"]["/shop/v1/items"]["post"]["security"] == [{"bearer": ["shop:write"]}]
    assert document["paths"]["/shop/v1/items"]["get"]["security"] == [{}]


async def test_what_makes_or_lists_things_is_linked_to_what_is_asked_of_one(
    http: httpx.AsyncClient,
) -> None:
    paths = (await http.get("/shop/openapi.json")).json()["paths"]
    made = paths["/shop/v1/items"]["post"]["responses"]["201"]["links"]
    assert made["shop_get_item"]["parameters"] == {"item_id": "$response.body#/id"}
    assert "shop_sell" in made
    listed = paths["/shop/v1/items"]["get"]["responses"]["200"]["links"]
    assert listed["shop_get_item"]["parameters"] == {"item_id": "$response.body#/items/0/id"}


async def test_two_endpoints_of_one_name_stop_the_start(shop: Service) -> None:
    router = APIRouter(prefix="/shop/v1")

    async def twice() -> None: ...

    router.add_api_route("/a", twice)
    router.add_api_route("/b", twice)
    with pytest.raises(DuplicateOperation):
        _ = app_with(shop, router)


def test_a_type_may_not_take_the_name_of_the_errors_own(shop: Service) -> None:
    class Problem(StrEnum):
        SOLD_OUT = "sold out"

    router = APIRouter(prefix="/shop/v1", dependencies=[Depends(ANYBODY)])

    async def trouble() -> Problem:
        return Problem.SOLD_OUT

    router.add_api_route("/trouble", trouble)
    with pytest.raises(DuplicateSchema, match="Problem"):
        _ = app_with(shop, router).openapi()


async def test_the_documentation_page_is_served(shop: Service) -> None:
    async with client(shop) as http:
        assert (await http.get("/shop/docs")).status_code == 200
