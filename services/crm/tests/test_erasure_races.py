"""An erasure and a write about the same person at once: whichever is first, nothing is left."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from crm.model.account import StaleLink
from crm.model.customer import NoSuchCustomer
from crm.testing import a_placed_order, contact_of
from crm.usecases.change import change
from crm.usecases.erase import erase
from crm.usecases.meet import meet
from crm.usecases.reset_password import ask_for_reset
from crm.usecases.verify_email import verify_email
from wareflow_events.transaction import Transaction
from wareflow_kit.service import Service
from wareflow_kit.testing import Hand

from .conftest import NOON
from .test_accounts import register
from .test_erasure import everything

EMAIL = "marked@example.com"
Verb = Callable[[Transaction], Awaitable[object]]
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"


@pytest.fixture
async def person(guest: httpx.AsyncClient, service: Service) -> UUID:
    """Somebody with an account whose address is proven."""
    made = (await register(guest, EMAIL)).json()
    async with service.engine.begin() as connection:
        _ = await connection.exec_driver_sql("UPDATE account SET verified_at = now()")
        _ = await connection.exec_driver_sql("DELETE FROM mailed_token")
    return UUID(made["customer_id"])


def writes(person: UUID) -> dict[str, Verb]:
    order = a_placed_order(at=NOON, customer_id=uuid4())
    contact = contact_of(order, email=EMAIL, name="Marked Person").contact
    return {
        "an order as a guest": lambda tx: meet(
            tx, customer_id=order.customer_id, locale="en", guest=True, contact=contact
        ),
        "an order signed in": lambda tx: meet(
            tx, customer_id=person, locale="en", guest=False, contact=contact
        ),
        "a change": lambda tx: change(tx, customer_id=person, name="Marked Again"),
        "a forgotten password": lambda tx: ask_for_reset(
            tx, email=EMAIL, token="marked" * 5, lasts=timedelta(hours=1)
        ),
    }


async def race(service: Service, first: Verb, second: Verb) -> None:
    """The first has done its work when the second begins, and commits when that waits for it."""
    done, go_on = asyncio.Event(), asyncio.Event()

    async def held() -> None:
        async with service.transactions.begin() as tx:
            _ = await first(tx)
            done.set()
            _ = await go_on.wait()

    async def after() -> None:
        async with service.transactions.begin() as tx:
            _ = await second(tx)

    one = asyncio.create_task(held())
    _ = await done.wait()
    other = asyncio.create_task(after())
    await somebody_waits(service)
    go_on.set()
    _, failed = await asyncio.gather(one, other, return_exceptions=True)
    assert failed is None or isinstance(failed, NoSuchCustomer | StaleLink)


async def somebody_waits(service: Service) -> None:
    async with asyncio.timeout(10), service.engine.connect() as connection:
        while not (await connection.exec_driver_sql(_WAITING)).scalar_one():
            await connection.rollback()
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("first", ["write", "erasure"])
@pytest.mark.parametrize("name", writes(uuid4()))
async def test_nothing_is_left_of_them(
    service: Service, person: UUID, name: str, first: str
) -> None:
    def forget(tx: Transaction) -> Awaitable[object]:
        return erase(tx, customer_id=person)

    write = writes(person)[name]
    await (race(service, write, forget) if first == "write" else race(service, forget, write))
    assert "marked" not in (await everything(service)).lower()


async def test_a_link_that_is_followed_meanwhile_joins_nobody(
    guest: httpx.AsyncClient, service: Service, hands: dict[str, Hand]
) -> None:
    made = (await register(guest, EMAIL)).json()
    order = a_placed_order(at=NOON, customer_id=uuid4())
    await hands["crm.people"].hear(contact_of(order, email=EMAIL, name="Marked Person"))
    async with service.engine.connect() as connection:
        body = "SELECT body FROM mail"
        token = (await connection.exec_driver_sql(body)).scalar_one().rpartition("token=")[2]
    await race(
        service,
        lambda tx: verify_email(tx, token=token.strip()),
        lambda tx: erase(tx, customer_id=UUID(made["customer_id"])),
    )
    assert "marked" not in (await everything(service)).lower()
