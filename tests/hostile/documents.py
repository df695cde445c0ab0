"""The OpenAPI document of every service, without a database, and what its requests may hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from wareflow.configuration import Plan
from wareflow.embedded import compose
from wareflow.house import SERVICES
from wareflow_kit.service import Service
from wareflow_kit.unplugged import Unplugged

Schema = Mapping[str, Any]
METHODS = frozenset({"get", "put", "post", "delete", "patch"})
_NOWHERE = "http://127.0.0.1:1"
_MEASURED = frozenset({"uuid", "date-time", "date", "binary"})
"""Formats that say how long they are; a file is limited by the size of its body."""


@dataclass(frozen=True)
class Operation:
    """An endpoint as its document shows it."""

    service: str
    method: str
    path: str
    document: Schema
    """The whole document, for references."""
    shown: Schema

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def definitions(self) -> Schema:
        return self.document["components"]["schemas"]

    def requests(self) -> Iterator[tuple[str, Schema]]:
        """What a caller sends, with its place: `query:limit`, `body`."""
        for parameter in self.shown.get("parameters", []):
            yield f"{parameter['in']}:{parameter['name']}", parameter["schema"]
        for content in self.shown.get("requestBody", {}).get("content", {}).values():
            yield "body", content.get("schema", {})

    def answer(self) -> Schema:
        """The shape of the body of a success; empty when there is none."""
        for status, response in self.shown["responses"].items():
            if status.startswith("2"):
                return response.get("content", {}).get("application/json", {}).get("schema", {})
        return {}


@cache
def services() -> dict[str, Service]:
    """Every service, composed for a shop that does not run."""
    with TemporaryDirectory() as folder:
        plan = Plan(
            data=Path(folder),
            postgres="postgresql://nobody@127.0.0.1:1/postgres",
            broker="postgres",
            kafka_bootstrap=None,
            services=dict.fromkeys((*SERVICES, "sandbox"), _NOWHERE),
            front=_NOWHERE,
        )
        return compose(plan, Unplugged())


@cache
def operations() -> tuple[Operation, ...]:
    """Every endpoint of every service."""
    return tuple(
        Operation(name, method, path, document, shown)
        for name, service in services().items()
        for document in (service.app.openapi(),)
        for path, item in document["paths"].items()
        for method, shown in item.items()
        if method in METHODS
    )


def unbounded(schema: Schema, definitions: Schema, place: str) -> Iterator[str]:
    """Every place in a shape that may be as large as the caller likes."""
    return _Walk(definitions).of(schema, place, frozenset())


class _Walk:
    def __init__(self, definitions: Schema) -> None:
        self._definitions = definitions

    def of(self, schema: Schema, place: str, seen: frozenset[str]) -> Iterator[str]:
        if name := schema.get("$ref", "").rpartition("/")[2]:
            if name not in seen:
                yield from self.of(self._definitions[name], place, seen | {name})
            return
        choices = [*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])]
        said = {key: schema[key] for key in ("maxLength", "maxItems") if key in schema}
        for choice in choices:
            yield from self.of({**said, **choice}, place, seen)
        if not choices and "enum" not in schema and "const" not in schema:
            yield from self._simple(schema, place, seen)

    def _simple(self, schema: Schema, place: str, seen: frozenset[str]) -> Iterator[str]:
        match schema.get("type"):
            case "string":
                if "maxLength" not in schema and schema.get("format") not in _MEASURED:
                    yield f"{place} has no maxLength"
            case "integer" | "number":
                for side in ("minimum", "maximum"):
                    if not schema.keys() & {side, f"exclusive{side.capitalize()}"}:
                        yield f"{place} has no {side}"
            case "array":
                if "maxItems" not in schema:
                    yield f"{place} has no maxItems"
                yield from self.of(schema.get("items", {}), f"{place}[]", seen)
            case "object":
                yield from self._object(schema, place, seen)
            case None:
                yield f"{place} may be anything"
            case _:
                pass

    def _object(self, schema: Schema, place: str, seen: frozenset[str]) -> Iterator[str]:
        for name, value in schema.get("properties", {}).items():
            yield from self.of(value, f"{place}.{name}", seen)
        more = schema.get("additionalProperties", not schema.get("properties"))
        if more is True or schema.get("patternProperties"):
            yield f"{place} may have any properties"
        elif more:
            if "maxProperties" not in schema:
                yield f"{place} has no maxProperties"
            yield from self.of(
                {"type": "string", **schema.get("propertyNames", {})}, f"{place}, a name", seen
            )
            yield from self.of(more, f"{place}{{}}", seen)
