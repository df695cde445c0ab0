"""What is counted about calls to the gateway; no ids as labels."""

from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "gateway_requests_total",
    "Calls to the gateway by what came of them: ok, refused, unanswered, not_now or not_ours",
    ["operation", "outcome"],
)
SECONDS = Histogram(
    "gateway_seconds",
    "From a call to the gateway to its answer",
    ["operation"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
