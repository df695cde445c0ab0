"""Nothing that comes in is as large as its sender likes: the limits stand in the shapes."""

from typing import Any

import pytest
from tests.hostile.bounds import unbounded
from tests.hostile.document import Operation
from tests.hostile.services import every_operation

from analytics.model.activity import Activity

# A place that the walk finds, and what bounds it besides the size and the nesting of the body.
BOUNDED_OTHERWISE = {
    "POST /analytics/v1/collect body.events[] may be anything":
        "each is judged by itself, by a shape that is not the request's",
    "POST /payments/v1/webhooks/stripe body may have any properties":
        "the gateway's signature is checked before it is read",
}  # fmt: skip

# Lists that come whole, and why they stay short.
WHOLE_LISTS = {
    "GET /catalog/v1/categories": "the tree, which staff makes",
    "GET /catalog/v1/channels": "made by staff, one per market",
    "GET /inventory/v1/locations": "the places that stock is kept at",
    "GET /orders/v1/carts": "the 20 used last",
    "GET /payments/v1/ledger/balances": "a row per account and currency",
    "GET /analytics/v1/funnel": "four steps",
    "GET /analytics/v1/freshness": "a row per figure",
}


@pytest.mark.parametrize("operation", every_operation(), ids=str)
def test_every_part_of_a_request_has_a_limit(operation: Operation) -> None:
    found = [
        f"{operation} {line}"
        for place, schema in operation.requests()
        for line in unbounded(schema, operation.definitions, place)
    ]
    assert [line for line in found if line not in BOUNDED_OTHERWISE] == []


@pytest.mark.parametrize("operation", every_operation(), ids=str)
def test_every_list_ends(operation: Operation) -> None:
    if operation.method != "GET" or not _lists(operation):
        return
    limits = [schema for place, schema in operation.requests() if place == "query:limit"]
    if str(operation) in WHOLE_LISTS:
        assert limits == []
        return
    (limit,) = limits
    assert limit["maximum"] <= 200
    assert 1 <= limit["default"] <= limit["maximum"]


def test_every_part_of_an_activity_has_a_limit() -> None:
    schema = Activity.model_json_schema()
    assert list(unbounded(schema, schema["$defs"], "activity")) == []


def test_no_exception_outlives_what_it_was_made_for() -> None:
    found = {
        f"{operation} {line}"
        for operation in every_operation()
        for place, schema in operation.requests()
        for line in unbounded(schema, operation.definitions, place)
    }
    assert found == set(BOUNDED_OTHERWISE)
    assert set(WHOLE_LISTS) <= {str(operation) for operation in every_operation()}


def _lists(operation: Operation) -> bool:
    """Whether the answer is a list of rows: one by itself, or the `items` of a page."""
    schema = operation.answer()
    if name := schema.get("$ref", "").rpartition("/")[2]:
        schema = operation.definitions[name]
    properties = schema.get("properties", {})
    rows = [value for value in properties.values() if value.get("type") == "array"]
    return schema.get("type") == "array" or ("items" in properties and bool(rows))


SHAPES: list[tuple[dict[str, Any], str | None]] = [
    ({"type": "string"}, "x has no maxLength"),
    ({"type": "string", "format": "uuid"}, None),
    ({"type": "integer", "minimum": 1}, "x has no maximum"),
    ({"anyOf": [{"type": "string"}, {"type": "null"}], "maxLength": 3}, None),
    ({"type": "array", "maxItems": 3, "items": {"type": "number"}}, "x[] has no minimum"),
    ({"type": "object"}, "x may have any properties"),
    ({"type": "object", "properties": {"a": {}}}, "x.a may be anything"),
    (
        {"type": "object", "additionalProperties": {"const": 1}, "propertyNames": {"maxLength": 1}},
        "x has no maxProperties",
    ),
]


@pytest.mark.parametrize(("schema", "finding"), SHAPES)
def test_the_walk_finds_what_has_no_limit(schema: dict[str, Any], finding: str | None) -> None:
    found = list(unbounded(schema, {}, "x"))
    assert (finding in found) if finding else not found
