"""Whatever a stranger may write is limited in how often; declared beside the route."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from tests.hostile.documents import services

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

# What a stranger may send as often as they like, and why.
UNLIMITED = {
    "POST /payments/v1/webhooks/stripe": "the gateway's: without its signature nothing is written",
}


def _routes(router: Any) -> Iterator[APIRoute]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif (included := getattr(route, "original_router", None)) is not None:
            yield from _routes(included)


def _calls(dependant: Dependant) -> Iterator[str]:
    for each in dependant.dependencies:
        yield getattr(each.call, "__qualname__", "")
        yield from _calls(each)


WRITES = {
    f"{method} {route.path}": set(_calls(route.dependant))
    for service in services().values()
    for route in _routes(service.app)
    for method in _WRITES.intersection(route.methods or ())
}


def test_the_writes_of_every_service_are_found() -> None:
    assert {path.split("/")[1] for path in WRITES} == set(services())
    assert len(WRITES) > 30


@pytest.mark.parametrize("endpoint", WRITES)
def test_a_write_asks_who_it_is_or_how_often(endpoint: str) -> None:
    calls = WRITES[endpoint]
    guarded = calls & {"requires.<locals>.check", "limited.<locals>.check"}
    assert bool(guarded) != (endpoint in UNLIMITED)
