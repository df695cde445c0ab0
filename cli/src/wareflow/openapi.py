"""Several OpenAPI documents as one."""

from collections.abc import Mapping
from typing import Any

import orjson

_SHARED = ("/health/live", "/health/ready", "/metrics")
_REFERENCE = '"#/components/schemas/{}"'


def merge(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Documents by service as one; a schema name that means two things gets its owner's name."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    security: dict[str, Any] = {}
    tags: list[Any] = []
    for name, document in documents.items():
        components: dict[str, Any] = document.get("components", {})
        own: dict[str, Any] = components.get("schemas", {})
        clashes = [key for key in own if key in schemas and schemas[key] != own[key]]
        renamed = {key: f"{name.capitalize()}{key}" for key in clashes}
        schemas |= _renamed({renamed.get(key, key): own[key] for key in own}, renamed)
        served = {at: what for at, what in document.get("paths", {}).items() if at not in _SHARED}
        paths |= {at: _tagged(name, what) for at, what in _renamed(served, renamed).items()}
        security |= components.get("securitySchemes", {})
        tags += [tag | {"name": f"{name}: {tag['name']}"} for tag in document.get("tags", [])]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Wareflow", "version": "1"},
        "tags": tags,
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": security},
    }


def _tagged(service: str, path: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A path's operations under tags that say whose they are."""
    tagged: dict[str, Any] = {}
    for method, operation in path.items():
        tags: list[str] = operation.get("tags", [])
        tagged[method] = operation | {"tags": [f"{service}: {tag}" for tag in tags]}
    return tagged


def _renamed(value: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    if not names:
        return value
    text = orjson.dumps(value).decode()
    for old, new in names.items():
        text = text.replace(_REFERENCE.format(old), _REFERENCE.format(new))
    return orjson.loads(text)
