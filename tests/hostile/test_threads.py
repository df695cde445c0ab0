"""What an endpoint is made of runs on the loop, and does not queue for a thread."""

from inspect import isasyncgenfunction, isclass, iscoroutinefunction, isroutine

from wareflow_kit.service import Service
from wareflow_kit.web.access import dependencies, endpoints


def _runs_on_the_loop(call: object) -> bool:
    called = call if isroutine(call) or isclass(call) else type(call).__call__
    return iscoroutinefunction(called) or isasyncgenfunction(called)


def test_no_part_of_an_endpoint_waits_for_a_thread(apps: dict[str, Service]) -> None:
    """FastAPI gives what is not `async` to one of 40 threads, which costs more than it does."""
    threaded = {
        f"{name}: {endpoint.path}: {call}"
        for name, service in apps.items()
        for endpoint in endpoints(service.app.routes)
        for call in (endpoint.dependant.call, *dependencies(endpoint.dependant))
        if not _runs_on_the_loop(call)
    }
    assert threaded == set()
