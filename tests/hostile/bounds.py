"""What in a shape may be as large as its sender likes."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
_MEASURED = frozenset({"uuid", "date-time", "date", "binary"})
"""Formats that say how long they are; a file is limited by the size of its body."""


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
