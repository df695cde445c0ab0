"""What is counted about payments; no ids as labels."""

from prometheus_client import Counter, Gauge

WEBHOOKS = Counter(
    "webhooks_total",
    "Webhooks by what became of them: stored, repeated, applied or failed (a try that failed)",
    ["type", "outcome"],
)
REFUSED_WEBHOOKS = Counter(
    "webhooks_refused_total", "Webhooks that were not to be believed", ["reason"]
)
UNRESOLVED = Gauge(
    "payments_unresolved",
    "What the gateway has not made clear: payments closing, operations, refunds, webhooks, trouble",
    ["what"],
)
