"""Locations over HTTP."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from inventory.model.location import DEFAULT_LOCATION_ID
from wareflow_kit.service import Service

LOCATIONS = "/inventory/v1/locations"


async def make(http: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await http.post(LOCATIONS, json=body, headers={"Idempotency-Key": str(uuid4())})


async def test_a_location_is_made_and_listed_by_priority(http: httpx.AsyncClient) -> None:
    made = await make(http, name="  Berlin ", priority=7, country="DE")
    assert made.status_code == 201, made.text
    assert (made.json()["name"], made.json()["active"]) == ("Berlin", True)
    assert (await http.get(made.headers["Location"])).json() == made.json()
    listed = (await http.get(LOCATIONS)).json()["items"]
    assert [location["name"] for location in listed] == ["Berlin", "Main"]


async def test_a_repeated_request_makes_one_location(http: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await http.post(LOCATIONS, json={"name": "Berlin"}, headers=headers)
    again = await http.post(LOCATIONS, json={"name": "Berlin"}, headers=headers)
    assert first.json() == again.json()
    assert (await make(http, name="Berlin")).status_code == 409


@pytest.mark.parametrize("body", [{"name": " "}, {"name": "x", "country": "de"}, {"name": "a\x00"}])
async def test_a_location_that_makes_no_sense_is_refused(
    http: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await make(http, **body)).status_code == 422


async def test_what_is_left_out_of_a_change_stays(http: httpx.AsyncClient) -> None:
    made = (await make(http, name="Berlin", priority=7, country="DE")).json()
    changed = await http.patch(f"{LOCATIONS}/{made['id']}", json={"country": None})
    assert changed.json() | {"updated_at": None} == made | {"country": None, "updated_at": None}


async def test_a_change_of_a_version_that_is_gone_is_refused(http: httpx.AsyncClient) -> None:
    path = f"{LOCATIONS}/{DEFAULT_LOCATION_ID}"
    seen = {"If-Match": (await http.get(path)).headers["ETag"]}
    first = await http.patch(path, json={"priority": 1}, headers=seen)
    second = await http.patch(path, json={"priority": 2}, headers=seen)
    assert (first.status_code, second.status_code) == (200, 412)
    assert (await http.get(path)).json()["priority"] == 1


async def test_the_last_active_location_stays_active(http: httpx.AsyncClient) -> None:
    answer = await http.patch(f"{LOCATIONS}/{DEFAULT_LOCATION_ID}", json={"active": False})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/last-active-location")


async def test_a_name_that_another_location_has_is_refused(http: httpx.AsyncClient) -> None:
    made = (await make(http, name="Berlin")).json()
    path = f"{LOCATIONS}/{made['id']}"
    assert (await http.patch(path, json={"name": "Main"})).status_code == 409
    assert (await http.patch(path, json={"name": "Berlin"})).status_code == 200


async def test_of_rivals_for_a_name_one_gets_it(http: httpx.AsyncClient) -> None:
    created = await asyncio.gather(*(make(http, name="Berlin") for _ in range(5)))
    assert sorted(answer.status_code for answer in created) == [201, 409, 409, 409, 409]
    refused = next(answer for answer in created if answer.is_error)
    assert refused.json()["type"] == "/problems/location-name-taken"
    path = f"{LOCATIONS}/{DEFAULT_LOCATION_ID}"
    both = await asyncio.gather(http.patch(path, json={"name": "Bonn"}), make(http, name="Bonn"))
    assert {answer.status_code for answer in both} in ({200, 409}, {409, 201})


async def test_an_unknown_location_is_not_found(http: httpx.AsyncClient) -> None:
    for answer in (
        await http.get(f"{LOCATIONS}/{uuid4()}"),
        await http.patch(f"{LOCATIONS}/{uuid4()}", json={}),
    ):
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-location")


async def test_changes_of_locations_are_audited(http: httpx.AsyncClient, service: Service) -> None:
    made = (await make(http, name="Berlin")).json()
    _ = await http.patch(f"{LOCATIONS}/{made['id']}", json={"name": "Bonn"})
    async with service.engine.connect() as connection:
        query = text("SELECT action, subject, before, after FROM audit_entry ORDER BY action")
        created, updated = (await connection.execute(query)).all()
    assert (created.action, updated.action) == ("location.create", "location.update")
    assert updated.subject == f"location/{made['id']}"
    assert (updated.before["name"], updated.after["name"]) == ("Berlin", "Bonn")
