"""Trace context goes out of a span and back into one."""

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from wareflow_events.trace import context_of, current_traceparent, span

PARENT = f"00-{0xABC:032x}-{0xDEF:016x}-01"


def test_outside_a_trace_there_is_none() -> None:
    assert current_traceparent() is None


def test_the_current_span_is_told() -> None:
    request = SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(1))
    with trace.use_span(NonRecordingSpan(request)):
        assert current_traceparent() == PARENT


def test_a_trace_goes_on_in_whoever_hears_of_it() -> None:
    with span("hear", parent=PARENT):
        assert (current_traceparent() or "").split("-")[1] == PARENT.split("-")[1]


def test_what_is_no_traceparent_is_ignored() -> None:
    for broken in (None, "", "00-abc-def-01", "rubbish"):
        assert not trace.get_current_span(context_of(broken)).get_span_context().is_valid
