"""What endpoints ask for: a transaction, a read session, and who is calling."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from wareflow_events.transaction import Transaction, Transactions
from wareflow_kit.auth import Principal, PrincipalKind, Verifier
from wareflow_kit.refusals import Forbidden, Unauthorized


async def begin(request: Request) -> AsyncIterator[Transaction]:
    """A transaction that commits when the endpoint returns, before the answer is sent."""
    transactions: Transactions = request.app.state.transactions
    async with transactions.begin() as tx:
        yield tx


async def read(request: Request) -> AsyncIterator[AsyncSession]:
    """A session whose statements stand by themselves; for answering, not for changing."""
    async with AsyncSession(
        request.app.state.reading, expire_on_commit=False, autoflush=False
    ) as session:
        yield session


Tx = Annotated[Transaction, Depends(begin, scope="function")]
"""The endpoint's transaction. With the default scope a failed commit would still answer 200."""

Read = Annotated[AsyncSession, Depends(read, scope="function")]
"""The endpoint's read session; its connection is back in the pool before the answer is sent."""

_BEARER = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    scheme_name="bearer",
    description="A token of a trusted issuer: staff with scopes, a customer, or one order's own.",
)


class InsufficientScope(Forbidden):
    """The token does not carry the scope that this needs."""


async def caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Principal | None:
    """Who is calling; None without a token, `Unauthorized` with a wrong one."""
    if credentials is None:
        if "authorization" in request.headers:
            raise Unauthorized("only bearer tokens are taken here")
        return None
    verifier: Verifier = request.app.state.verifier
    if verifier.stale:
        _refresh_soon(request, verifier)
    return await verifier.authenticate(credentials.credentials)


Caller = Annotated[Principal | None, Depends(caller)]
"""Who is calling, None for a guest."""


def _refresh_soon(request: Request, verifier: Verifier) -> None:
    running: asyncio.Task[None] | None = getattr(request.app.state, "refreshing_keys", None)
    if running is None or running.done():
        request.app.state.refreshing_keys = asyncio.create_task(verifier.refresh())


def requires(
    scope: str, *, also: tuple[PrincipalKind, ...] = ()
) -> Callable[..., Awaitable[Principal]]:
    """A dependency: staff with `scope`, or anybody of the kinds in `also`; else 401 or 403.

    What a customer or the bearer of an order token may see of it is the endpoint's to check.
    """

    async def check(who: Caller) -> Principal:
        if who is None:
            raise Unauthorized
        if who.kind in also or who.may(scope):
            return who
        raise InsufficientScope(f"This needs the scope {scope}.", scope=scope)

    return check


def customer_or_staff(scope: str) -> Callable[..., Awaitable[Principal]]:
    """A dependency: staff with `scope`, or a customer, who sees what is theirs."""
    return requires(scope, also=("customer",))
