"""The tables of the READMEs are true."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def _event_map() -> Any:
    path = ROOT / "tools" / "checks" / "event_map.py"
    spec = importlib.util.spec_from_file_location("event_map", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EVENT_MAP = _event_map()


@pytest.mark.parametrize("service", EVENT_MAP.SERVICES)
def test_a_services_readme_says_what_it_publishes(service: str) -> None:
    assert EVENT_MAP.told_by_readme(service, "Publishes") == EVENT_MAP.publishes(service)


@pytest.mark.parametrize("service", EVENT_MAP.SERVICES)
def test_a_services_readme_says_what_it_hears(service: str) -> None:
    assert EVENT_MAP.told_by_readme(service, "Hears") == EVENT_MAP.hears(service)


def test_the_readme_has_the_map_of_all_events() -> None:
    assert EVENT_MAP.table() in (ROOT / "README.md").read_text()


def test_every_event_is_heard_by_somebody_or_meant_for_partners() -> None:
    heard = set[str]().union(*(EVENT_MAP.hears(s) for s in EVENT_MAP.SERVICES))
    published = set[str]().union(*(EVENT_MAP.publishes(s) for s in EVENT_MAP.SERVICES))
    assert heard <= published
