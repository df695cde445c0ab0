"""The examples that the documents show are requests that the shop really accepts."""

import hashlib
import hmac
import time
from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx
import pytest
from tests.hostile.callers import callers
from tests.hostile.document import Operation, operations
from tests.hostile.examples import Example, example
from tests.hostile.world import Deed, World, from_somewhere

from wareflow.house import SERVICES
from wareflow_kit.service import Service
from wareflow_kit.web.access import Bearer, Holder, Sealed, access_of, endpoints


def stamped(world: World, request: Example) -> Example:
    """As the gateway sends it: the very bytes, signed."""
    body = request.body()
    now = str(int(time.time()))
    signed = hmac.new(world.keys.webhooks.encode(), f"{now}.".encode() + body, hashlib.sha256)
    headers = {
        "Stripe-Signature": f"t={now},v1={signed.hexdigest()}",
        "Content-Type": "application/json",
    }
    return Example(request.method, request.path, headers=headers, content=body)


class Guide:
    """Knows as whom a service's operations are asked."""

    def __init__(self, world: World, service: Service) -> None:
        self.world = world
        self.operations = [*operations(service.name, service.app.openapi())]
        self._declared = {e.unique_id: access_of(e) for e in endpoints(service.app.routes)}

    async def refusal(self, deed: Deed, operation: Operation) -> str | None:
        """What is said against an operation's example; None when it is accepted."""
        names = operation.names or ["customer_id"]
        if operation.method != "GET":
            deed = await self.world.renewed(deed, names)
        if operation.id in ("crm_verify_email", "crm_reset_password"):
            deed = await self.world.mailed(deed)
        request = example(operation, deed.things)
        if any(isinstance(access, Sealed) for access in self._declared[operation.id]):
            request = stamped(self.world, request)
        answer = await self._answer(request, operation, deed)
        if answer.status_code >= 300:
            return f"{operation}: {answer.status_code} {answer.text[:300]}"
        keeps = answer.headers.get("Cache-Control") != "no-store"
        if operation.method != "GET" or "ETag" not in answer.headers or not keeps:
            return None
        known = replace(request, headers={"If-None-Match": answer.headers["ETag"]})
        again = await self._answer(known, operation, deed)
        said = f"{operation}: {again.status_code} to who has it already"
        if again.status_code != 304:
            return said
        return None if "304" in operation.spec["responses"] else f"{said}, which is not documented"

    async def faults(self, deed: Deed, operation: Operation) -> AsyncGenerator[str]:
        """What is said about a NUL in any parameter, when it is no refusal."""
        for parameter in operation.spec.get("parameters", []):
            name, request = parameter["name"], example(operation, deed.things)
            if parameter["in"] == "header":  # none may have one, by HTTP itself
                continue
            if parameter["in"] == "path":
                things = {**deed.things, name: "a%00b"}
                request = replace(request, path=example(operation, things).path)
            else:
                request = replace(request, query={**request.query, name: "a\x00b"})
            answer = await self._answer(request, operation, deed)
            if answer.status_code >= 500:
                yield f"{operation}, {name}: {answer.status_code}"

    async def _answer(self, request: Example, operation: Operation, deed: Deed) -> httpx.Response:
        declared = self._declared[operation.id]
        scope = next((a.scope for a in declared if isinstance(a, Bearer)), None)
        known = callers(deed, self.world.keys, scope)
        headers = known["nobody"]
        for access in declared:
            if isinstance(access, Holder):
                headers = headers | known["cart"]
            if isinstance(access, Bearer):
                headers = headers | known["staff" if access.scope else access.owners[0]]
        base = self.world.base(operation.service)
        return await request.send(self.world.http, base, {**from_somewhere(), **headers})


@pytest.mark.parametrize("service", SERVICES)
async def test_every_example_is_accepted(
    service: str, world: World, apps: dict[str, Service]
) -> None:
    guide, deed = Guide(world, apps[service]), await world.deed()
    found = [await guide.refusal(deed, operation) for operation in guide.operations]
    refused = [line for line in found if line is not None]
    assert not refused, "\n".join(refused)


@pytest.mark.parametrize("service", SERVICES)
async def test_no_parameter_is_broken_by_a_nul(
    service: str, world: World, apps: dict[str, Service]
) -> None:
    """PostgreSQL has no text with one, and says so by an error."""
    guide, deed = Guide(world, apps[service]), await world.deed()
    found = [
        fault
        for operation in guide.operations
        if operation.method == "GET"
        async for fault in guide.faults(deed, operation)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("service", SERVICES)
def test_every_body_is_shown_by_an_example_that_says_something(
    service: str, apps: dict[str, Service]
) -> None:
    for operation in operations(service, apps[service].app.openapi()):
        if operation.body is not None:
            names = dict.fromkeys(
                (*operation.names, "slug"), "00000000-0000-7000-8000-000000000001"
            )
            request = example(operation, names)
            assert request.json or request.content, f"{operation.method} {operation.path}"
