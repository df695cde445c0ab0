"""`Once`: reads the Idempotency-Key header and makes what the request makes only once."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from wareflow_events.transaction import Transaction
from wareflow_kit.idempotency import IdempotencyKeyReused, RequestKey, make_once
from wareflow_kit.refusals import BadRequest
from wareflow_kit.web.deps import Caller
from wareflow_kit.web.openapi import WANTED
from wareflow_kit.web.problems import refuses

__all__ = ["IdempotencyKeyReused", "IdempotencyKeyWanted", "Idempotent", "Once"]

_MOST = 255


class IdempotencyKeyWanted(BadRequest):
    """Send an Idempotency-Key of 1 to 255 characters, the same one when you repeat the request."""


class Idempotent:
    """This request's key; call it with the transaction and what makes the thing."""

    def __init__(
        self, *, who: str, route: str, key: str | None, body_hash: bytes, response: Response
    ) -> None:
        self._who = who
        self._route = route
        self._key = key
        self._body_hash = body_hash
        self._response = response
        self.replayed = False
        """Whether this request was answered before; also told in `Idempotent-Replayed`."""

    async def __call__(
        self, tx: Transaction, make: Callable[[], Awaitable[UUID]], *, who: str | None = None
    ) -> UUID:
        """The id that `make` returns, or returned when this key was first used.

        Keys belong to the caller of the request; for a guest say `who` holds them (the cart's id).
        Only here is a missing key refused: whoever may not call at all is told that first.
        """
        if not self._key or len(self._key) > _MOST:
            raise IdempotencyKeyWanted
        request = RequestKey(who or self._who, self._route, self._key, self._body_hash)
        made, self.replayed = await make_once(tx, request, make)
        if self.replayed:
            self._response.headers["Idempotent-Replayed"] = "true"
        return made


@refuses(IdempotencyKeyWanted, IdempotencyKeyReused)
async def idempotent(
    request: Request,
    response: Response,
    who: Caller,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="Any text of 1 to 255 characters, new for each new request",
            json_schema_extra={"minLength": 1, "maxLength": _MOST, WANTED: True},
        ),
    ] = None,
) -> Idempotent:
    """The dependency behind `Once`."""
    body = await request.body()
    return Idempotent(
        who=f"{who.issuer} {who.subject}" if who else "guest",
        route=f"{request.method} {request.url.path}",
        key=idempotency_key,
        body_hash=sha256(request.url.query.encode() + b"\n" + body).digest(),
        response=response,
    )


Once = Annotated[Idempotent, Depends(idempotent)]
"""`made = await once(tx, lambda: place_order(tx, ...))`."""
