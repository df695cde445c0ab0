"""Accounts: opening one, signing in, proving an address, resetting a password."""

import email
import email.policy
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx

from crm.testing import a_placed_order, contact_of
from wareflow_events.schemas.crm import CustomerMerged, CustomerRegistered
from wareflow_kit.service import Service
from wareflow_kit.testing import FixedClock, Hand, published

from .conftest import NOON

PASSWORD = "correct horse battery"


async def register(guest: httpx.AsyncClient, address: str = "Ada@Example.com") -> httpx.Response:
    body = {"email": address, "password": PASSWORD, "name": "Ada Lovelace"}
    return await guest.post("/crm/v1/accounts", json=body)


async def mailed_token(service: Service, mails: Path) -> str:
    """Let the poller send, and read the secret out of the newest mail's link."""
    before = set(mails.glob("*.eml"))
    assert not await service.pollers[0].run()
    (new,) = set(mails.glob("*.eml")) - before
    message = email.message_from_bytes(new.read_bytes(), policy=email.policy.default)
    found = re.search(r"token=([\w-]+)", message.get_content())
    assert found is not None
    return found[1]


async def test_who_registers_is_signed_in_and_announced(
    guest: httpx.AsyncClient, service: Service
) -> None:
    session = (await register(guest)).json()
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    me = (await guest.get("/crm/v1/me", headers=bearer)).json()
    assert me["customer_id"] == session["customer_id"]
    assert me["email"] == "Ada@example.com"
    assert me["kind"] == "registered"
    (told,) = await published(service.engine)
    assert isinstance(told, CustomerRegistered)
    assert str(told.customer_id) == session["customer_id"]


async def test_an_address_has_one_account_however_it_is_written(guest: httpx.AsyncClient) -> None:
    assert (await register(guest)).status_code == 201
    again = await register(guest, "ADA@example.com")
    assert again.status_code == 409
    assert again.json()["type"].endswith("email-taken")


async def test_signing_in_needs_the_right_password(guest: httpx.AsyncClient) -> None:
    await register(guest)
    right = {"email": "ada@example.com", "password": PASSWORD}
    assert (await guest.post("/crm/v1/sessions", json=right)).status_code == 201
    for wrong in ({**right, "password": "wrong"}, {**right, "email": "eve@example.com"}):
        answer = await guest.post("/crm/v1/sessions", json=wrong)
        assert answer.status_code == 401
        assert answer.json()["type"].endswith("wrong-credentials")


async def test_a_proven_address_brings_what_was_bought_as_a_guest(
    guest: httpx.AsyncClient, service: Service, hands: dict[str, Hand], mails: Path
) -> None:
    order = a_placed_order(at=NOON, customer_id=uuid4())
    later = a_placed_order(at=NOON, customer_id=uuid4())
    await hands["crm.people"].hear(order, contact_of(order, email="ada@EXAMPLE.com"), twice=True)
    account = (await register(guest)).json()["customer_id"]
    await published(service.engine)

    token = await mailed_token(service, mails)
    assert (await guest.post("/crm/v1/accounts/verify", json={"token": token})).status_code == 200
    await hands["crm.people"].hear(later, contact_of(later, email="ada@example.com"))

    merges = [e for e in await published(service.engine) if isinstance(e, CustomerMerged)]
    assert [m.merged_ids for m in merges] == [[order.customer_id], [later.customer_id]]
    assert {str(m.customer_id) for m in merges} == {account}


async def test_an_unproven_address_brings_nothing(
    guest: httpx.AsyncClient, service: Service, hands: dict[str, Hand]
) -> None:
    await register(guest)
    order = a_placed_order(at=NOON, customer_id=uuid4())
    await hands["crm.people"].hear(order, contact_of(order, email="ada@example.com"))
    assert not [e for e in await published(service.engine) if isinstance(e, CustomerMerged)]


async def test_a_link_works_once_and_not_for_ever(
    guest: httpx.AsyncClient, service: Service, mails: Path
) -> None:
    await register(guest)
    token = await mailed_token(service, mails)
    assert (await guest.post("/crm/v1/accounts/verify", json={"token": token})).status_code == 200
    again = await guest.post("/crm/v1/accounts/verify", json={"token": token})
    assert again.status_code == 422
    assert again.json()["type"].endswith("stale-link")

    await register(guest, "grace@example.com")
    late = await mailed_token(service, mails)
    clock = service.transactions.clock
    assert isinstance(clock, FixedClock)
    clock.advance(hours=49)
    assert (await guest.post("/crm/v1/accounts/verify", json={"token": late})).status_code == 422


async def test_a_forgotten_password_is_set_anew_by_the_mailed_link(
    guest: httpx.AsyncClient, service: Service, mails: Path
) -> None:
    await register(guest)
    await mailed_token(service, mails)
    unknown = await guest.post(
        "/crm/v1/accounts/forgotten-password", json={"email": "eve@example.com"}
    )
    known = await guest.post(
        "/crm/v1/accounts/forgotten-password", json={"email": "ada@example.com"}
    )
    assert (unknown.status_code, unknown.content) == (known.status_code, known.content)

    token = await mailed_token(service, mails)
    body = {"token": token, "password": "another long secret"}
    assert (await guest.post("/crm/v1/accounts/password", json=body)).status_code == 200
    credentials = {"email": "ada@example.com", "password": "another long secret"}
    assert (await guest.post("/crm/v1/sessions", json=credentials)).status_code == 201


async def test_a_mail_that_could_not_be_sent_is_sent_later(
    guest: httpx.AsyncClient, service: Service, mails: Path
) -> None:
    mails.write_text("a file where the folder should be")
    await register(guest)
    await service.pollers[0].run()
    mails.unlink()
    clock = service.transactions.clock
    assert isinstance(clock, FixedClock)
    await service.pollers[0].run()
    assert not mails.exists(), "it waits before it tries again"
    clock.now += timedelta(hours=2)
    await mailed_token(service, mails)
