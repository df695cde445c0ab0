"""In-process wake-ups; whoever waits for one polls as well, so a lost ring is only late."""

from wareflow_events.bell import Bell

OPERATION_DUE = Bell()
"""An operation waits to be run."""

WEBHOOK_STORED = Bell()
"""A webhook waits to be applied."""

PAYMENT_CHANGED = Bell()
"""A payment became something else; for those who wait for an outcome."""
