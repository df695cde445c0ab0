"""What relay and consumers count; base units, no ids as labels."""

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

OUTBOX_ROWS = Gauge("outbox_rows", "Events waiting for the relay", ["service"])
OUTBOX_AGE = Gauge(
    "outbox_oldest_age_seconds", "Age of the oldest event waiting for the relay", ["service"]
)
RELAY_LEADER = Gauge("relay_leader", "1 while this process relays for the service", ["service"])
RELAY_PUBLISHED = Counter("relay_published_total", "Events acknowledged by the broker", ["service"])
RELAY_BATCH = Histogram(
    "relay_batch_seconds", "From selecting a batch to its deletion", ["service"], buckets=_BUCKETS
)
CONSUMER_EVENTS = Counter(
    "consumer_events_total",
    "Events by what became of them: applied, duplicate, skipped, parked, dead or retried",
    ["group", "topic", "result"],
)
CONSUMER_BATCH = Histogram(
    "consumer_batch_seconds", "Duration of a batch's transaction", ["group"], buckets=_BUCKETS
)
CONSUMER_LAG = Gauge(
    "consumer_lag_records", "Records behind the end of the log", ["group", "topic"]
)
CONSUMER_LAG_SECONDS = Gauge(
    "consumer_lag_seconds", "Age of the last applied event when it was applied", ["group"]
)
CONSUMER_PROGRESS = Gauge(
    "consumer_last_progress_timestamp_seconds", "When a batch was last settled", ["group"]
)
CONSUMER_RESTARTS = Counter(
    "consumer_restarts_total", "Times a group's client was made anew", ["group"]
)
DEAD_LETTERS = Gauge("dead_letters_open", "Events kept because they cannot be applied", ["group"])
