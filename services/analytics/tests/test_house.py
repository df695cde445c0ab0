"""Migrations, checks and forgetting."""

from datetime import timedelta
from uuid import uuid4

import httpx

from analytics.projections import TABLES
from analytics.testing import an_activity
from wareflow_events.schemas.crm import CustomerErased
from wareflow_kit.database import schema_drift
from wareflow_kit.service import Service
from wareflow_kit.testing import Hand, fresh_database

from .conftest import NOON


async def test_the_schema_is_the_sum_of_its_migrations() -> None:
    async with fresh_database("analytics") as url:
        assert await schema_drift("analytics", url, TABLES[0].metadata) == []


async def test_every_check_runs_and_holds_on_an_empty_database(service: Service) -> None:
    async with service.engine.connect() as connection:
        for check in service.checks:
            assert (await connection.exec_driver_sql(check.sql)).all() == [], check.name


async def test_an_erased_person_leaves_no_trace_in_activities(
    http: httpx.AsyncClient, hands: dict[str, Hand], service: Service
) -> None:
    person = uuid4()
    known = an_activity(at=NOON, visitor_id="v-7", customer_id=str(person))
    before = an_activity(at=NOON - timedelta(days=1), visitor_id="v-7", page="/secret")
    other = an_activity(at=NOON, visitor_id="v-8")
    bad = {"customer_id": str(person)}
    await http.post("/analytics/v1/collect", json={"events": [known, before, other, bad]})
    erased = CustomerErased(customer_id=person, customer_ids=[person], erased_at=NOON)
    await hands["analytics.people"].hear(erased, twice=True)
    async with service.engine.connect() as connection:
        rows = (await connection.exec_driver_sql("SELECT * FROM activity")).all()
        bads = (await connection.exec_driver_sql("SELECT * FROM bad_activity")).all()
    everything = repr(rows) + repr(bads)
    assert str(person) not in everything
    assert "v-7" not in everything
    assert "/secret" not in everything
    assert len(rows) == 3
    assert "v-8" in everything


async def test_what_an_erased_person_sends_afterwards_does_not_bring_them_back(
    http: httpx.AsyncClient, hands: dict[str, Hand], service: Service
) -> None:
    person = uuid4()
    erased = CustomerErased(customer_id=person, customer_ids=[person], erased_at=NOON)
    await hands["analytics.people"].hear(erased)
    late = an_activity(at=NOON, visitor_id="v-9", customer_id=str(person))
    answer = await http.post("/analytics/v1/collect", json={"events": [late]})
    assert answer.json()["accepted"] == 1
    async with service.engine.connect() as connection:
        rows = (await connection.exec_driver_sql("SELECT * FROM activity")).all()
    assert str(person) not in repr(rows)
