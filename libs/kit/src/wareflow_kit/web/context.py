"""What surrounds every request: its id, its trace, its log line, its metrics, its last resort."""

import random
import re
import time
from typing import Any

import structlog
from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from prometheus_client import Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wareflow_events.clock import utc_now
from wareflow_events.ids import new_id
from wareflow_events.trace import context_of
from wareflow_kit.web.problems import fault

REQUESTS = Counter(
    "http_requests_total", "Requests answered", ["service", "method", "route", "status"]
)
SECONDS = Histogram(
    "http_request_seconds",
    "From the request's head to the last byte of the answer",
    ["service", "method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
IN_FLIGHT = Gauge("http_requests_in_flight", "Requests being answered", ["service"])

ROUTE = "wareflow.route"
"""Where a layer that answers by itself says in the scope which route it answers for."""

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_UNLOGGED = ("/health/", "/metrics")

log = structlog.get_logger("wareflow.http")


class RequestContext:
    """Pure ASGI; the outermost layer but CORS."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self._app = app
        self._service = service
        self._in_flight = IN_FLIGHT.labels(service)
        self._children: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        attached = context.attach(_trace_context(headers.get("traceparent")))
        trace_id = f"{trace.get_current_span().get_span_context().trace_id:032x}"
        variables = structlog.contextvars.bind_contextvars(
            service=self._service, request_id=request_id, trace_id=trace_id
        )
        try:
            await self._answer(scope, receive, send, request_id)
        finally:
            structlog.contextvars.reset_contextvars(**variables)
            context.detach(attached)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        self._in_flight.inc()
        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:  # in the middle of its body
            return
        except Exception as error:
            log.exception("http.fault", path=scope["path"])
            if status:  # too late for another answer: the connection ends here
                status = 500
                raise
            await fault(error)(scope, receive, send_with_id)
        finally:
            self._in_flight.dec()
            # Cancelled before an answer: the client went away (nginx writes 499 for that).
            self._count(scope, status or 499, time.perf_counter() - began)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        counter, histogram = self._metrics(method, route, status)
        counter.inc()
        histogram.observe(seconds)
        if not scope["path"].startswith(_UNLOGGED):
            log.info(
                "http.answered",
                method=method,
                route=route,
                status=status,
                ms=round(seconds * 1000, 2),
            )

    def _metrics(self, method: str, route: str, status: int) -> tuple[Any, Any]:
        key = (method, route, status)
        if key not in self._children:
            self._children[key] = (
                REQUESTS.labels(self._service, method, route, str(status)),
                SECONDS.labels(self._service, method, route),
            )
        return self._children[key]


class NamedRoute(Route):
    """A route of Starlette's that says which one it is, as FastAPI's do."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Starlette's own answer, and the template with it."""
        match, found = super().matches(scope)
        return match, {**found, ROUTE: self.path} if found else found


def route_of(scope: Scope) -> str:
    """The template of the route that matched, `unmatched` if none did; never a path with ids."""
    if ROUTE in scope:
        return scope[ROUTE]
    # FastAPI keeps the template of an included route, prefixes and all, beside the bare route.
    effective = scope.get("fastapi", {}).get("effective_route_context")
    template = getattr(effective, "path_format", None) or getattr(scope.get("route"), "path", None)
    if template is None and "endpoint" in scope and not scope.get("path_params"):
        return scope["path"]  # a bare Starlette route without parameters is its own template
    return template or "unmatched"


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _SANE_ID.fullmatch(given) else str(new_id(at=utc_now()))


def _trace_context(traceparent: str | None) -> context.Context:
    """The span a tracer has begun, else the caller's trace, else a new one."""
    if trace.get_current_span().get_span_context().is_valid:
        return context.get_current()
    told = context_of(traceparent)
    if trace.get_current_span(told).get_span_context().is_valid:
        return told
    fresh = SpanContext(
        trace_id=random.getrandbits(128) or 1,
        span_id=random.getrandbits(64) or 1,
        is_remote=False,
        trace_flags=TraceFlags(TraceFlags.DEFAULT),
    )
    return trace.set_span_in_context(NonRecordingSpan(fresh))
