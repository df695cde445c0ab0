"""Whatever a stranger may write is limited in how often; declared beside the route."""

import pytest
from tests.hostile.services import services

from wareflow_kit.web.access import Bearer, Sealed, dependencies, endpoints

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NO_STRANGERS = (Bearer, Sealed)
"""Who has to show a token, or the gateway, without whose signature nothing is written."""

WRITES = {
    f"{method} {endpoint.path}": list(dependencies(endpoint.dependant))
    for service in services().values()
    for endpoint in endpoints(service.app.routes)
    for method in _WRITES.intersection(endpoint.methods or ())
}


def test_the_writes_of_every_service_are_found() -> None:
    assert {path.split("/")[1] for path in WRITES} == set(services())
    assert len(WRITES) > 30


@pytest.mark.parametrize("endpoint", WRITES)
def test_a_write_asks_who_it_is_or_how_often(endpoint: str) -> None:
    called = WRITES[endpoint]
    is_limited = any(
        getattr(call, "__qualname__", "") == "limited.<locals>.check" for call in called
    )
    assert is_limited or any(isinstance(call, _NO_STRANGERS) for call in called)
