"""The example request of an operation, as its document shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import httpx
import orjson
from tests.hostile.document import Json, Operation

_PLAIN: Mapping[str, Any] = {"string": "text", "integer": 1, "number": 1, "boolean": True}


class NoExample(AssertionError):
    """The document has no example that a request could be made from."""


@dataclass(frozen=True)
class Example:
    """A request as the document shows it, with the things that are there put in."""

    method: str
    path: str
    query: Json = field(default_factory=dict[str, Any])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    json: Any = None
    content: bytes | None = None

    def body(self) -> bytes:
        """The bytes of its body."""
        if self.content is not None:
            return self.content
        return b"" if self.json is None else orjson.dumps(self.json)

    async def send(
        self, http: httpx.AsyncClient, base: str, headers: Mapping[str, str]
    ) -> httpx.Response:
        """The answer to it."""
        kind = {"Content-Type": "application/json"} if self.json is not None else {}
        return await http.request(
            self.method,
            base + self.path,
            params=self.query,
            headers={**kind, **self.headers, **headers},
            content=self.body(),
        )


def example(operation: Operation, things: Mapping[str, Any]) -> Example:
    """The operation's own example; where it names a thing, one of `things`.

    What only one operation takes (a name that is not taken yet) is there under the operation's id.
    """
    path, query, headers = operation.path, dict[str, Any](), dict[str, str]()
    own: Json = things.get(operation.id, {})
    for parameter in operation.spec.get("parameters", []):
        name, where = parameter["name"], parameter["in"]
        if where == "path":
            path = path.replace(f"{{{name}}}", str(own.get(name, things.get(name))))
        elif name.lower() == "idempotency-key":
            headers[name] = str(uuid4())
        elif parameter.get("required"):
            query[name] = things.get(name) or _of(parameter["schema"], operation.document, name)
    if operation.body is None:
        return Example(operation.method, path, query, headers)
    kind, media = operation.body
    if kind != "application/json":
        headers["Content-Type"] = kind
        text = media.get("example") or _of(media["schema"], operation.document, kind)
        return Example(operation.method, path, query, headers, content=str(text).encode())
    shown = media["example"] if "example" in media else _of(media["schema"], operation.document)
    body = _with(shown, things)
    return Example(operation.method, path, query, headers, json=body | own if own else body)


def _with(value: Any, things: Mapping[str, Any]) -> Any:
    """The value with the things that are there in place of those that an example makes up."""
    if isinstance(value, list):
        return [_with(each, things) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        fields = cast("Json", value)
        return {n: things.get(n, _with(v, things)) for n, v in fields.items()}
    return value


def _of(schema: Json, document: Json, name: str = "body") -> Any:
    """The example of a schema: its own, or made of the examples of what it is made of."""
    if "examples" in schema:
        return schema["examples"][0]
    for known in ("const", "default"):
        if known in schema:
            return schema[known]
    if "$ref" in schema:
        return _of(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    if "enum" in schema:
        return schema["enum"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return _of(schema[union][0], document, name)
    if schema.get("type") == "object":
        return _object(schema, document)
    if schema.get("type") == "array":
        return [_of(schema["items"], document, name)] if schema.get("minItems") else []
    if schema.get("format") == "uuid":
        return str(uuid4())
    if schema.get("type") in _PLAIN and "pattern" not in schema and "format" not in schema:
        return _PLAIN[schema["type"]]
    raise NoExample(f"{name}: {schema}")


def _object(schema: Json, document: Json) -> Json:
    """Its required properties, and the optional ones that have an example."""
    required: list[str] = schema.get("required", [])
    return {
        name: _of(inner, document, name)
        for name, inner in schema.get("properties", {}).items()
        if name in required or "examples" in inner
    }
