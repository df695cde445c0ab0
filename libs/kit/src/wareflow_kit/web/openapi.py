"""OpenAPI as a contract: short unique operation ids, who may do it, and every error as it is."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, RouteContext

from wareflow_kit.refusals import BadRequest, PayloadTooLarge, Unavailable
from wareflow_kit.web.access import access_of, dependencies, endpoints, security_of
from wareflow_kit.web.links import add_links
from wareflow_kit.web.problems import MEDIA_TYPE, REFUSALS, InvalidRequest, Problem, refusals

WANTED = "x-wanted"
"""In the schema of a parameter: the document says that it is required. Its lack is refused by what
reads it, and not by FastAPI before all else."""


_OF_CONNECTIONS = {
    "408": "The request did not come soon enough.",
    "414": "The address is too long.",
    "431": "The head is too large.",
}
"""What may be answered before any endpoint is found."""


class DuplicateOperation(RuntimeError):
    """Two endpoints of a service have functions of the same name."""


class DuplicateSchema(RuntimeError):
    """A service has a type of its own by the name of one that every document has."""


def operation_ids(service: str) -> Callable[[APIRoute], str]:
    """Names operations after their functions: `orders_create_cart`."""
    return lambda route: f"{service}_{route.name}"


def refuse_duplicates(routers: Iterable[APIRouter]) -> None:
    """`DuplicateOperation` when two endpoints have functions of the same name."""
    routes = [route for router in routers for route in router.routes]
    names = Counter(route.name for route in routes if isinstance(route, APIRoute))
    if twice := [name for name, times in names.items() if times > 1]:
        raise DuplicateOperation(", ".join(twice))


def describe_problems(app: FastAPI) -> None:
    """Make the app's document show problem documents, and who may call what."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            _add_schemas(document)
            for operation, endpoint in _operations(app, document):
                _show_dependencies(operation, endpoint)
                _show_problems(operation["responses"])
            add_links(document)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi


def _operations(
    app: FastAPI, document: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], RouteContext]]:
    for endpoint in endpoints(app.routes):
        path = document["paths"].get(endpoint.path_format, {})
        for method in endpoint.methods or ():
            if (operation := path.get(method.lower())) is not None:
                yield operation, endpoint


def _show_dependencies(operation: dict[str, Any], endpoint: RouteContext) -> None:
    """Who may call it, and how what stands around the endpoint may refuse."""
    operation["security"] = security_of(access_of(endpoint))
    said = [Unavailable, *([BadRequest, PayloadTooLarge] if "requestBody" in operation else [])]
    for dependency in dependencies(endpoint.dependant):
        said += getattr(dependency, REFUSALS, ())
    for status, response in refusals(*dict.fromkeys(said)).items():
        _add_response(operation["responses"], str(status), response)
    for parameter in operation.get("parameters", []):
        if parameter["schema"].pop(WANTED, False):
            parameter["required"] = True


def _add_response(responses: dict[str, Any], status: str, response: dict[str, Any]) -> None:
    """Put a response in, or its examples and description into the one that is there."""
    there = responses.setdefault(status, response)
    if there is response:
        return
    examples = response["content"][MEDIA_TYPE]["examples"]
    shown = there.setdefault("content", {}).setdefault(MEDIA_TYPE, {}).setdefault("examples", {})
    if not examples.keys() <= shown.keys():
        there["description"] = f"{there.get('description', '')} {response['description']}".strip()
        shown |= examples


def _add_schemas(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _ = schemas.pop("HTTPValidationError", None)
    _ = schemas.pop("ValidationError", None)
    for model in (Problem, InvalidRequest):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        for name, each in (*schema.pop("$defs", {}).items(), (model.__name__, schema)):
            if schemas.setdefault(name, each) != each:
                raise DuplicateSchema(name)


def _show_problems(responses: dict[str, Any]) -> None:
    for status, description in _OF_CONNECTIONS.items():
        _ = responses.setdefault(status, {"description": description})
    if "422" in responses:
        _ = responses["422"].get("content", {}).pop("application/json", None)
    for status, response in responses.items():
        if status.startswith(("4", "5")):
            name = "InvalidRequest" if status == "422" else "Problem"
            content = response.setdefault("content", {})
            entry = content.setdefault(MEDIA_TYPE, {})
            if "examples" in entry:
                name = "Problem"
            _ = entry.setdefault("schema", {"$ref": f"#/components/schemas/{name}"})
    _ = responses.setdefault(
        "default",
        {
            "description": "Any other problem",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        },
    )
