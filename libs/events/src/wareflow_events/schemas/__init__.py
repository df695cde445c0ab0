"""Every event of the house, a file per owner; importing this package fills the registry."""

from wareflow_events.event import Event, event_classes
from wareflow_events.schemas import analytics, catalog, crm, inventory, orders, payments

__all__ = ["analytics", "catalog", "crm", "house_events", "inventory", "orders", "payments"]


def house_events() -> list[type[Event]]:
    """The events that are declared here, by type; a test may have declared others."""
    return [event for event in event_classes() if event.__module__.startswith(f"{__name__}.")]
