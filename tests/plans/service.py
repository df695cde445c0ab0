"""A service full of data, every one of its reads called, and its statements watched."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from tests.plans.watch import Watch, big_tables

from wareflow_kit.service import Service
from wareflow_kit.testing import client, staff_token

PRODUCTS, ORDERS = 3_000, 10_000
_KEYS = "/.well-known/jwks.json"

Reads = Mapping[str, Sequence[str]]
"""Paths as the routes have them, each with the queries it is asked with."""


@asynccontextmanager
async def watched(
    service: Service, *scopes: str
) -> AsyncGenerator[tuple[Watch, httpx.AsyncClient]]:
    """The watch over a service, and its staff; none of its tables is read whole meanwhile."""
    watch = Watch(await big_tables(service.engine))
    assert watch.big, "there is too little data to see anything"
    token = staff_token(*scopes, f"{service.name}:audit")
    async with client(service, token=token) as staff:
        with watch.over(service.engine):
            yield watch, staff
    assert watch.seen
    assert not watch.faults, watch.report()


async def read_everything(
    service: Service,
    watch: Watch,
    staff: httpx.AsyncClient,
    reads: Reads,
    names: Mapping[str, Any],
    *,
    apart: Collection[str] = (),
) -> None:
    """Call every GET endpoint of the service; fails when one is neither among the reads nor one
    of those that the test treats `apart`."""
    reads = {**reads, f"/{service.name}/v1/audit": ["", "?subject=product/1"]}
    known, there = {*reads, *apart}, _paths(service)
    assert known == there, f"not read: {there - known}; not there: {known - there}"
    for path, queries in reads.items():
        for query in queries:
            watch.doing = f"GET {path}{query}"
            answer = await staff.get(path.format(**names) + query.format(**names))
            assert answer.status_code == 200, f"{watch.doing}: {answer.text}"


def _paths(service: Service) -> set[str]:
    described: dict[str, Any] = service.app.openapi()["paths"]
    return {path for path, ways in described.items() if "get" in ways and not path.endswith(_KEYS)}


async def poll_everything(service: Service, watch: Watch) -> None:
    """Run each poller once."""
    for poller in service.pollers:
        watch.doing = f"the poller {poller.name}"
        _ = await poller.run()
