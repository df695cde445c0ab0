"""Trace context in W3C form: out of the current span, and back into one."""

from contextlib import AbstractContextManager

from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACER = trace.get_tracer("wareflow")


def current_traceparent() -> str | None:
    """The `traceparent` of the current span; None outside a trace."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def context_of(traceparent: str | None) -> context.Context:
    """The context a `traceparent` names; an empty one if it is missing or malformed."""
    carrier = {"traceparent": traceparent} if traceparent else {}
    return _PROPAGATOR.extract(carrier, context=context.Context())


def span(name: str, *, parent: str | None) -> AbstractContextManager[trace.Span]:
    """A current span that goes on from `parent`'s trace."""
    return _TRACER.start_as_current_span(name, context=context_of(parent))
