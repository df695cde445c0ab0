"""A service's OpenAPI document as a list of operations."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
_METHODS = ("get", "put", "post", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    service: str
    method: str
    """In capitals."""
    path: str
    spec: Json
    document: Json
    """The whole of it, for references."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def id(self) -> str:
        """Its name in the document."""
        return self.spec["operationId"]

    @property
    def names(self) -> list[str]:
        """What its path names."""
        return [p["name"] for p in self.spec.get("parameters", []) if p["in"] == "path"]

    @property
    def body(self) -> tuple[str, Json] | None:
        """The media type and schema of its body, JSON before others."""
        content: Json = self.spec.get("requestBody", {}).get("content", {})
        for kind in ("application/json", *content):
            if kind in content:
                return kind, content[kind]
        return None

    @property
    def definitions(self) -> Json:
        """The schemas that its own refer to."""
        return self.document["components"]["schemas"]

    def requests(self) -> Iterator[tuple[str, Json]]:
        """What a caller sends, with its place: `query:limit`, `body`."""
        for parameter in self.spec.get("parameters", []):
            yield f"{parameter['in']}:{parameter['name']}", parameter["schema"]
        for content in self.spec.get("requestBody", {}).get("content", {}).values():
            yield "body", content.get("schema", {})

    def answer(self) -> Json:
        """The shape of the body of a success; empty when there is none."""
        for status, response in self.spec["responses"].items():
            if status.startswith("2"):
                return response.get("content", {}).get("application/json", {}).get("schema", {})
        return {}


def operations(service: str, document: Json) -> Iterator[Operation]:
    """Every operation of a service."""
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                yield Operation(service, method.upper(), path, methods[method], document)
