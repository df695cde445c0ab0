"""Problem details (RFC 9457): every answer that is not a success has this one form."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from wareflow_events.faults import is_transient
from wareflow_kit.jsons import to_json
from wareflow_kit.refusals import Refusal, Unauthorized, Unavailable

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)


class Problem(BaseModel):
    """Why a request was not done. `type` is stable; a refusal may add members of its own."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["/problems/not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(default="", description="What it is in this case; may be missing")


class InvalidField(BaseModel):
    """One thing that is wrong with a request."""

    loc: str = Field(description="Where, as a path", examples=["body.lines.0.quantity"])
    message: str
    type: str = Field(examples=["greater_than"])


class InvalidRequest(Problem):
    """The request does not have the form it should have."""

    errors: list[InvalidField] = Field(
        default_factory=list[InvalidField],
        description="What is wrong with the form, each; none where the form is right, and what it "
        "says cannot be",
    )


class ProblemResponse(Response):
    """A problem document."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        """The document as JSON."""
        return to_json(content)


def problem(
    status: int,
    *,
    slug: str,
    title: str,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> ProblemResponse:
    """A problem document as a response."""
    document: dict[str, Any] = {"type": f"/problems/{slug}", "title": title, "status": status}
    if detail is not None:
        document["detail"] = detail
    return ProblemResponse({**document, **(extra or {})}, status, headers)


def refused(refusal: Refusal) -> ProblemResponse:
    """A refusal as a response."""
    headers: dict[str, str] = {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return problem(
        refusal.status,
        slug=refusal.slug,
        title=refusal.title,
        detail=refusal.detail,
        headers=headers,
        extra=refusal.extra,
    )


class NotModified(Exception):  # not an error at all
    """The client has this version already."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.headers = dict(headers)


def fault(error: Exception) -> ProblemResponse:
    """Any other exception as a response: 503 when trying again may help, else 500; no details."""
    if isinstance(error, PoolTimeout) or is_transient(error):
        return refused(Unavailable(retry_after=1))
    return problem(500, slug="internal-error", title="Internal error")


async def _refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return refused(error)


async def _not_modified(_request: Request, error: Exception) -> Response:
    assert isinstance(error, NotModified)
    return Response(status_code=304, headers=error.headers)


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    detail = str(error.detail)
    return problem(
        status,
        slug=status.phrase.lower().replace(" ", "-"),
        title=status.phrase.capitalize(),
        detail=None if detail == status.phrase else detail,
        headers=error.headers,
    )


async def _validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"loc": ".".join(map(str, entry["loc"])), "message": entry["msg"], "type": entry["type"]}
        for entry in error.errors()
    ]
    return problem(
        422,
        slug="invalid-request",
        title="Invalid request",
        detail="The request does not have the form it should have.",
        extra={"errors": errors},
    )


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    Refusal: _refusal,
    NotModified: _not_modified,
    HTTPException: _http,
    RequestValidationError: _validation,
}


def handle_problems(app: FastAPI) -> None:
    """Answer refusals, wrong requests and unknown paths with problem documents."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)


Dependency = TypeVar("Dependency", bound=Callable[..., Any])


def refuses(*kinds: type[Refusal]) -> Callable[[Dependency], Dependency]:
    """Says of a dependency how it may refuse; the document shows it where it is used."""

    def mark(dependency: Dependency) -> Dependency:
        setattr(dependency, REFUSALS, kinds)
        return dependency

    return mark


REFUSALS = "refusals"


def refusals(*kinds: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """`responses=` of an endpoint that may refuse: a line per status, an example per refusal."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        entry = found.setdefault(
            kind.status, {"description": "", "content": {MEDIA_TYPE: {"examples": {}}}}
        )
        refusal = kind()
        entry["description"] = f"{entry['description']} {refusal.detail}".strip()
        entry["content"][MEDIA_TYPE]["examples"][refusal.slug] = {
            "summary": refusal.title,
            "value": orjson.loads(refused(refusal).body),
        }
    return found
