"""What all builders use: a day, an address, euros."""

from datetime import UTC, datetime
from typing import Any

from wareflow_events.schemas.shapes import Money

A_DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When things in builders happen, unless said otherwise."""

ADDRESS: dict[str, Any] = {
    "name": "Grace Hopper",
    "line1": "Hauptstr. 1",
    "city": "Berlin",
    "postal_code": "10115",
    "country": "DE",
}
"""A shipping address as a request gives it."""


def eur(cents: int) -> Money:
    """Euros."""
    return Money(amount=cents, currency="EUR")
