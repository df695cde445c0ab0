"""The authorisation matrix: every endpoint answers every kind of caller as it declares."""

import httpx
import pytest
from fastapi.routing import RouteContext
from tests.hostile.callers import FORGED, HONEST, Headers, callers
from tests.hostile.document import Operation, operations
from tests.hostile.examples import example
from tests.hostile.world import Deed, World, from_somewhere

from wareflow.house import SERVICES
from wareflow_kit.service import Service
from wareflow_kit.web.access import (
    Access,
    Anybody,
    Bearer,
    Guest,
    Holder,
    Sealed,
    access_of,
    endpoints,
)

IN = 0
_GATES = {"unauthorized", "unknown-key", "insufficient-scope", "customers-only"}
_SHARED = {"/health/live", "/health/ready", "/metrics"}


def verdict(declared: tuple[Access, ...], kind: str, *, forged: bool, named: bool) -> int:
    """The status that refuses a kind of caller, `IN` if nothing does; written down once more here,
    apart from what enforces it."""
    for access in declared:
        if forged and access.reads_token:
            return 401
        if (status := _verdict(access, kind, forged=forged, named=named)) != IN:
            return status
    return IN


def _verdict(access: Access, kind: str, *, forged: bool, named: bool) -> int:
    match access:
        case Anybody() | Guest():
            return IN
        case Sealed():
            return access.otherwise.status
        case Holder():
            return IN if kind in (access.secret, *access.owners) else access.otherwise.status
        case Bearer():
            if kind in ("nobody", "cart", "other cart"):
                return 401
            if kind in access.owners or (access.scope and kind == "staff"):
                return IN
            stranger = kind.removeprefix("other ") in access.owners
            return (404 if named else IN) if stranger else 403
        case _:
            raise AssertionError(f"{access} is not understood here")


class Gate:
    """One endpoint of the running shop, and what it declares."""

    def __init__(self, world: World, operation: Operation, endpoint: RouteContext) -> None:
        self.world = world
        self.operation = operation
        self.declared = access_of(endpoint)
        self.named = bool(operation.names)

    @property
    def scope(self) -> str | None:
        """What staff need."""
        return next((a.scope for a in self.declared if isinstance(a, Bearer)), None)

    @property
    def reads_token(self) -> bool:
        """Whether it looks at tokens at all."""
        return any(each.reads_token for each in self.declared)

    @property
    def changes(self) -> bool:
        """Whether it changes something that is somebody's."""
        owned = any(isinstance(each, Bearer | Holder) for each in self.declared)
        return owned and self.operation.method != "GET"

    @property
    def names(self) -> list[str]:
        """What it may change: what its path names, or the customer who asks."""
        return self.operation.names or ["customer_id"]

    async def ask(self, deed: Deed, headers: Headers) -> httpx.Response:
        """The example request, as somebody."""
        request = example(self.operation, deed.things)
        base = self.world.base(self.operation.service)
        return await request.send(self.world.http, base, {**from_somewhere(), **headers})

    async def ask_badly(self, deed: Deed, headers: Headers) -> httpx.Response:
        """The same without anything that it needs but what its path names."""
        path = example(self.operation, deed.things).path
        url = self.world.base(self.operation.service) + path
        return await self.world.http.request(self.operation.method, url, headers=headers)

    async def wrong(self, deed: Deed, kind: str, *, forged: bool) -> list[str]:
        """What is not as it is declared; empty when all is."""
        expected = verdict(self.declared, kind, forged=forged, named=self.named)
        if expected == IN and self.changes:
            deed = await self.world.renewed(deed, self.names)  # it may be gone afterwards
        headers = callers(deed, self.world.keys, self.scope)[kind]
        answer = await self.ask(deed, headers)
        found = self._wrong_status(answer, expected)
        if expected in (401, 403) and not forged:
            badly = await self.ask_badly(deed, headers)
            found += [f"asked badly: {line}" for line in self._wrong_status(badly, expected)]
        if kind.startswith("other ") and deed.email in answer.text:
            found.append("tells the owner's e-mail address")
        return [f"{self.operation} as {kind}: {f}" for f in found]

    def _wrong_status(self, answer: httpx.Response, expected: int) -> list[str]:
        slug = _slug(answer)
        said = f"{answer.status_code} {slug}"
        if expected != IN:
            right = answer.status_code == expected and slug
            return [] if right else [f"{said} instead of {expected}"]
        if slug in _GATES or (self.named and answer.status_code == 404):
            return [f"{said} instead of letting in"]
        return []


def _slug(answer: httpx.Response) -> str:
    """The kind of problem an answer tells of; empty when it is none."""
    if answer.headers.get("content-type") != "application/problem+json":
        return ""
    return str(answer.json()["type"]).rpartition("/")[2]


def gates(world: World, service: Service) -> list[Gate]:
    """Every endpoint of a service."""
    by_id = {endpoint.unique_id: endpoint for endpoint in endpoints(service.app.routes)}
    found = [
        Gate(world, operation, by_id.pop(operation.id))
        for operation in operations(service.name, service.app.openapi())
    ]
    assert not by_id, f"not in the document: {sorted(by_id)}"
    return sorted(found, key=lambda gate: gate.operation.method == "DELETE")


@pytest.mark.parametrize("service", SERVICES)
async def test_every_endpoint_answers_every_kind_of_caller_as_it_declares(
    service: str, world: World, apps: dict[str, Service]
) -> None:
    wrong: list[str] = []
    deed = await world.deed()
    for gate in gates(world, apps[service]):
        for kind in FORGED if gate.reads_token else FORGED[:1]:
            wrong += await gate.wrong(deed, kind, forged=True)
        for kind in HONEST:
            wrong += await gate.wrong(deed, kind, forged=False)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_not_an_endpoint_is_what_every_service_has(
    service: str, apps: dict[str, Service]
) -> None:
    pages = {f"/{service}/{page}" for page in ("openapi.json", "docs")}
    app = apps[service].app
    declared = {endpoint.path for endpoint in endpoints(app.routes)}
    paths = {getattr(route, "path", None) for route in app.routes} - {None}
    assert paths - declared <= _SHARED | pages
