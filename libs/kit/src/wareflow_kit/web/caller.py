"""Who is calling, as far as the request itself says."""

import asyncio
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from wareflow_kit.auth import Principal, Verifier
from wareflow_kit.refusals import Unauthorized

_BEARER = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    scheme_name="bearer",
    description="A token of a trusted issuer: staff with scopes, a customer, or one order's own.",
)


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
