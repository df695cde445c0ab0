"""Accounts: opening one, signing in, proving an address, resetting a password."""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from crm import store
from crm.api.shapes import Email, Locale, Name
from crm.model.account import StaleLink, WrongCredentials
from crm.model.customer import EmailTaken
from crm.settings import Settings
from crm.usecases.register import register as open_account
from crm.usecases.reset_password import ask_for_reset
from crm.usecases.reset_password import reset_password as set_password
from crm.usecases.verify_email import verify_email as prove_email
from wareflow_kit.auth import Issuer, customer_id_of
from wareflow_kit.refusals import TooManyRequests
from wareflow_kit.web.access import ANYBODY
from wareflow_kit.web.deps import Read, Tx
from wareflow_kit.web.limits import limited, take
from wareflow_kit.web.problems import refusals

Password = Annotated[str, Field(min_length=10, max_length=200, examples=["correct horse battery"])]
MailedSecret = Annotated[
    str,
    Field(min_length=20, max_length=200, examples=["4w8lm9ABoUBynK11b6mYUIewUM4o0zyUTm2FYBQRlsQ"]),
]


class Registration(BaseModel):
    """What opens an account."""

    email: Email
    password: Password
    name: Name | None = None
    locale: Locale = "en"


class Credentials(BaseModel):
    """What signs in."""

    email: Email
    password: Annotated[str, Field(max_length=200, examples=["correct horse battery"])]


class Session(BaseModel):
    """A bearer token for a customer (OAuth 2's field names)."""

    customer_id: UUID
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  the kind of token, not one
    expires_in: int = Field(description="Seconds")


class Verified(BaseModel):
    """Whose address is proven."""

    customer_id: UUID


class Link(BaseModel):
    """The secret of a mailed link."""

    token: MailedSecret


class ForgottenPassword(BaseModel):
    """Where to mail the link to."""

    email: Email


class NewPassword(Link):
    """The link's secret and the password to set."""

    password: Password


@dataclass(frozen=True)
class Doorman:
    """Hashes and checks passwords, and signs tokens."""

    issuer: Issuer
    session: timedelta
    hasher: PasswordHasher

    async def hash(self, password: str) -> str:
        """Argon2id, off the event loop: it takes tens of milliseconds of CPU."""
        return await asyncio.to_thread(self.hasher.hash, password)

    async def fits(self, password_hash: str, password: str) -> bool:
        """Whether it is the right one."""

        def check() -> bool:
            try:
                return self.hasher.verify(password_hash, password)
            except (VerificationError, InvalidHashError):
                return False

        return await asyncio.to_thread(check)

    def session_of(self, subject: str) -> Session:
        """A token for this subject."""
        return Session(
            customer_id=customer_id_of(self.issuer.issuer, subject),
            access_token=self.issuer.sign(subject, ttl=self.session, kind="customer"),
            expires_in=int(self.session.total_seconds()),
        )


def router(settings: Settings, doorman: Doorman) -> APIRouter:
    """The endpoints, with this shop's issuer."""
    routes = APIRouter(prefix="/crm/v1", tags=["accounts"], dependencies=[Depends(ANYBODY)])
    slowly = [Depends(limited("sign-in", times=20, per=60))]
    lasts = timedelta(hours=settings.verification_hours)
    nobody = doorman.hasher.hash(secrets.token_hex())

    @routes.post(
        "/accounts",
        status_code=201,
        summary="Open an account",
        dependencies=slowly,
        responses=refusals(EmailTaken),
    )
    async def register(body: Registration, tx: Tx) -> Session:
        """Open an account and sign in. A mailed link proves the address; orders that were
        placed with it as a guest join the account then."""
        password_hash = await doorman.hash(body.password)
        subject = str(uuid4())
        _ = await open_account(
            tx,
            customer_id=customer_id_of(doorman.issuer.issuer, subject),
            subject=subject,
            email=body.email,
            password_hash=password_hash,
            name=body.name,
            locale=body.locale,
            token=secrets.token_urlsafe(32),
            lasts=lasts,
        )
        return doorman.session_of(subject)

    @routes.post(
        "/sessions",
        status_code=201,
        summary="Sign in",
        dependencies=slowly,
        responses=refusals(WrongCredentials, TooManyRequests),
    )
    async def sign_in(body: Credentials, session: Read, request: Request) -> Session:
        """A token for who knows the password. The answer takes as long for an unknown address.

        Wrong passwords are counted by account as well as by client: who tries many from many
        addresses is told to wait, and so is the owner then.
        """
        who = body.email.lower()
        times = settings.guesses_per_account
        guesses = take(request, "guesses", who, times=times, per=600)
        account = await store.account_by_email(session, body.email)
        expected = account.password_hash if account else nobody
        if not await doorman.fits(expected, body.password) or account is None:
            raise WrongCredentials
        guesses.give_back(who)
        return doorman.session_of(account.subject)

    @routes.post(
        "/accounts/verify",
        summary="Prove an address",
        dependencies=slowly,
        responses=refusals(StaleLink),
    )
    async def verify_email(body: Link, tx: Tx) -> Verified:
        """Follow the mailed link."""
        return Verified(customer_id=await prove_email(tx, token=body.token))

    @routes.post(
        "/accounts/forgotten-password",
        status_code=202,
        summary="Ask for a new password",
        dependencies=slowly,
    )
    async def forgotten_password(body: ForgottenPassword, tx: Tx, request: Request) -> None:
        """Mail a link, if there is such an account; the answer does not tell, and nobody's
        mailbox is filled by whoever asks again and again."""
        times = settings.resets_per_account
        with suppress(TooManyRequests):
            _ = take(request, "resets", body.email.lower(), times=times, per=3600)
            await ask_for_reset(
                tx, email=body.email, token=secrets.token_urlsafe(32), lasts=timedelta(hours=2)
            )

    @routes.post(
        "/accounts/password",
        summary="Set a new password",
        dependencies=slowly,
        responses=refusals(StaleLink),
    )
    async def reset_password(body: NewPassword, tx: Tx) -> Verified:
        """Set the password by a mailed link."""
        password_hash = await doorman.hash(body.password)
        owner = await set_password(tx, token=body.token, password_hash=password_hash)
        return Verified(customer_id=owner)

    @routes.get("/.well-known/jwks.json", summary="Keys of customers' tokens")
    async def jwks() -> dict[str, Any]:
        """The public keys that customers' tokens are checked against (RFC 7517)."""
        return doorman.issuer.jwks()

    _ = (register, sign_in, verify_email, forgotten_password, reset_password, jwks)
    return routes
