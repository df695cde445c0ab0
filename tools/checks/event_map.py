"""Who publishes what and who hears it, from the registry and the services' own lists.

`python tools/checks/event_map.py` prints the README's table; the test compares both.
"""

import re
from importlib import import_module
from pathlib import Path

from wareflow_events import event, schemas
from wareflow_events.handlers import ConsumerGroup

_ = schemas
ROOT = Path(__file__).parents[2]
SERVICES = ("catalog", "inventory", "orders", "payments", "crm", "analytics")
_TYPE = re.compile(r"^\| `(wareflow\.[\w.]+)` \|", re.MULTILINE)


def hears(service: str) -> set[str]:
    """The event types that a service's consumer groups handle."""
    groups: tuple[ConsumerGroup, ...] = import_module(f"{service}.consumers").HANDLERS
    return {handler.event.TYPE for group in groups for handler in group.handlers}


def publishes(service: str) -> set[str]:
    """The event types that a service owns."""
    return {cls.TYPE for cls in event.event_classes() if cls.TOPIC.service == service}


def table() -> str:
    """The map, a row per event."""
    heard = {service: hears(service) for service in SERVICES}
    lines = ["| event | published by | heard by |", "|---|---|---|"]
    for cls in event.event_classes():
        listeners = ", ".join(name for name in SERVICES if cls.TYPE in heard[name])
        lines.append(f"| `{cls.TYPE}` | {cls.TOPIC.service} | {listeners or 'partners'} |")
    return "\n".join(lines)


def told_by_readme(service: str, heading: str) -> set[str]:
    """The event types under a heading of a service's README."""
    text = (ROOT / "services" / service / "README.md").read_text()
    section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return set(_TYPE.findall(section))


if __name__ == "__main__":
    print(table())
