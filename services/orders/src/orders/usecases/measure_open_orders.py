"""How many orders are still to be decided, and for how long: what an operator watches."""

from datetime import datetime

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from orders.model.states import Status
from orders.views.orders import open_orders

_OPEN = (Status.PLACED, Status.AWAITING_PAYMENT, Status.CLOSING)

OPEN = Gauge("saga_open", "Orders that have not ended", ["state"])
OLDEST = Gauge("saga_oldest_age_seconds", "Since the oldest of them was placed", ["state"])


async def measure_open_orders(reading: AsyncEngine, *, now: datetime) -> None:
    """Set the gauges; a long age of *closing* is what the gateway could not say."""
    found = await open_orders(reading, _OPEN)
    for status in _OPEN:
        number, oldest = found.get(status, (0, None))
        OPEN.labels(status).set(number)
        age = (now - oldest).total_seconds() if oldest else 0.0
        OLDEST.labels(status).set(age)
