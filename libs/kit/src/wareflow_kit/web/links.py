"""OpenAPI links: the id that one answer gives is what other operations are asked with."""

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
_METHODS = ("get", "put", "post", "patch", "delete")


def add_links(document: Json) -> None:
    """Link what makes or lists things at `/things` to all that is under `/things/{thing_id}`."""
    for path, operations in document["paths"].items():
        if "{" in path:
            continue  # what is made there is answered with what it is a part of
        for method in ("post", "get"):
            if (operation := operations.get(method)) is not None:
                _link(document, path, operation)


def _link(document: Json, path: str, operation: Json) -> None:
    for status, response in operation["responses"].items():
        if not status.startswith("2"):
            continue
        shape = _schema(document, response)
        for name, targets in _below(document, path):
            if (place := _place(document, shape, name)) is None:
                continue
            response.setdefault("links", {}).update(
                {
                    target["operationId"]: {
                        "operationId": target["operationId"],
                        "parameters": {name: f"$response.body#{place}"},
                    }
                    for target in targets
                }
            )


def _below(document: Json, path: str) -> Iterator[tuple[str, list[Json]]]:
    """What stands under a path with one id more, by the name of the id."""
    deeper = re.compile(rf"{re.escape(path)}/\{{(\w+)\}}(/[\w.-]+)*")
    for other, operations in document["paths"].items():
        if found := deeper.fullmatch(other):
            yield found[1], [operations[method] for method in _METHODS if method in operations]


def _place(document: Json, shape: Json, name: str) -> str | None:
    """Where in an answer the id stands, in it or in the first thing of its list."""
    properties: Json = shape.get("properties", {})
    for field in (name, "id"):
        if field in properties:
            return f"/{field}"
    items = properties.get("items", {}).get("items")
    if items is None:
        return None
    inner = _place(document, _resolved(document, items), name)
    return f"/items/0{inner}" if inner else None


def _schema(document: Json, response: Json) -> Json:
    content: Json = response.get("content", {}).get("application/json", {})
    return _resolved(document, content.get("schema", {}))


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
