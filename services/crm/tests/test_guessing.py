"""An account is not guessed, and its mailbox not filled, from however many addresses."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from crm.settings import Settings
from wareflow_kit.service import Service

GRACE = {"email": "grace@example.com", "password": "correct horse battery"}


class Crowd:
    """Many clients, each from an address of its own."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._count = 0

    async def post(self, path: str, **body: str) -> httpx.Response:
        self._count += 1
        address = f"203.0.{self._count // 250}.{self._count % 250}"
        transport = httpx.ASGITransport(self._service.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            return await http.post(f"/crm/v1/{path}", json=body)


@pytest.fixture
async def crowd(service: Service) -> AsyncGenerator[Crowd]:
    async with service.app.router.lifespan_context(service.app):
        crowd = Crowd(service)
        assert (await crowd.post("accounts", **GRACE)).status_code == 201
        yield crowd


def guesses(service: Service) -> int:
    assert isinstance(service.settings, Settings)
    return service.settings.guesses_per_account


async def test_wrong_passwords_are_counted_by_account(service: Service, crowd: Crowd) -> None:
    for _ in range(guesses(service)):
        answer = await crowd.post("sessions", email="GRACE@example.com", password="wrong")
        assert answer.status_code == 401
    refused = await crowd.post("sessions", **GRACE)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    another = await crowd.post("sessions", email="ada@example.com", password="wrong")
    assert another.status_code == 401


async def test_signing_in_with_the_right_one_is_not_counted(service: Service, crowd: Crowd) -> None:
    for _ in range(guesses(service) + 2):
        assert (await crowd.post("sessions", **GRACE)).status_code == 201


async def test_an_address_without_an_account_is_counted_alike(
    service: Service, crowd: Crowd
) -> None:
    nobody = {"email": "nobody@example.com", "password": "wrong"}
    for _ in range(guesses(service)):
        assert (await crowd.post("sessions", **nobody)).status_code == 401
    assert (await crowd.post("sessions", **nobody)).status_code == 429


async def test_a_mailbox_is_not_filled_with_links(
    service: Service, crowd: Crowd, mails: Path
) -> None:
    for _ in range(10):
        answer = await crowd.post("accounts/forgotten-password", email="grace@example.com")
        assert answer.status_code == 202
    (post,) = service.pollers
    while await post.run():
        pass
    resets = [mail for mail in mails.glob("*.eml") if "reset?token=" in mail.read_text()]
    assert len(resets) == 3
