"""Forgetting people."""

from uuid import UUID, uuid4

import httpx

from crm.testing import a_placed_order, contact_of
from wareflow_events.schemas.crm import CustomerErased
from wareflow_kit.database import schema_drift
from wareflow_kit.service import Service
from wareflow_kit.testing import Hand, fresh_database, published

from .conftest import NOON
from .test_accounts import register

SKIPPED = ("inbox", "outbox", "erased_id", "event_stream")


async def everything(service: Service) -> str:
    """All rows of all tables that may hold something about people, as text."""
    async with service.engine.connect() as connection:
        names = await connection.exec_driver_sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        parts: list[str] = []
        for name in names.scalars():
            if name not in SKIPPED:
                rows = await connection.exec_driver_sql(f'SELECT t::text FROM "{name}" t')
                parts += rows.scalars()
    return "\n".join(parts)


async def test_an_erased_customer_is_gone_with_every_id_they_had(
    guest: httpx.AsyncClient, service: Service, hands: dict[str, Hand]
) -> None:
    session = (await register(guest, "marked@example.com")).json()
    async with service.transactions.begin() as tx:
        await tx.session.connection()
        await (await tx.session.connection()).exec_driver_sql(
            "UPDATE account SET verified_at = now()"
        )
    order = a_placed_order(at=NOON, customer_id=uuid4())
    contact = contact_of(order, email="marked@example.com", name="Marked Person")
    await hands["crm.people"].hear(contact)
    assert "marked" in (await everything(service)).lower()

    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    assert (await guest.delete("/crm/v1/me", headers=bearer)).status_code == 204

    assert "marked" not in (await everything(service)).lower()
    (told,) = [e for e in await published(service.engine) if isinstance(e, CustomerErased)]
    assert set(told.customer_ids) == {UUID(session["customer_id"]), order.customer_id}


async def test_late_messages_and_tokens_bring_nobody_back(
    guest: httpx.AsyncClient, staff: httpx.AsyncClient, service: Service, hands: dict[str, Hand]
) -> None:
    session = (await register(guest, "marked@example.com")).json()
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    order = a_placed_order(at=NOON, customer_id=uuid4())
    contact = contact_of(order, email="marked@example.com", name="Marked Person")
    for customer in (session["customer_id"], order.customer_id):
        erased = await staff.post(f"/crm/v1/customers/{customer}/erasure")
        assert erased.status_code == 202
    await hands["crm.people"].hear(order, contact, twice=True)
    answer = await guest.patch("/crm/v1/me", headers=bearer, json={"name": "Marked Again"})
    assert answer.status_code == 404
    assert "marked" not in (await everything(service)).lower()


async def test_the_checks_run_and_hold(service: Service) -> None:
    async with service.engine.connect() as connection:
        for check in service.checks:
            assert (await connection.exec_driver_sql(check.sql)).all() == [], check.name


async def test_the_schema_is_the_sum_of_its_migrations() -> None:
    from crm.projections import TABLES

    async with fresh_database("crm") as url:
        assert await schema_drift("crm", url, TABLES[0].metadata) == []
