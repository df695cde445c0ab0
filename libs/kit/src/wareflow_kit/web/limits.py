"""Limits on what comes in: the size of a body, and how often somebody may ask."""

import math
from collections.abc import Awaitable, Callable, Hashable, Mapping
from ipaddress import ip_address, ip_network

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wareflow_kit.ratelimit import RateLimit
from wareflow_kit.refusals import PayloadTooLarge, TooManyRequests
from wareflow_kit.web.problems import refused, refuses


class BodyLimit:
    """Answers 413 to a body over `most` bytes, announced or counted while it comes in.

    `larger` names path prefixes that take more: an import, an upload.
    """

    def __init__(self, app: ASGIApp, *, most: int, larger: Mapping[str, int]) -> None:
        self._app = app
        self._most = most
        self._larger = dict(larger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._limit(scope["path"])
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > most:
            await refused(_too_large(most))(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                # Whoever reads the body lets this one pass, and only this one.
                raise HTTPException(413, _too_large(most).detail)
            return message

        await self._app(scope, counted, send)

    def _limit(self, path: str) -> int:
        for prefix, most in self._larger.items():
            if path.startswith(prefix):
                return most
        return self._most


def _too_large(most: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"A body may have at most {most:,} bytes here.")


def client_of(request: Request) -> str:
    """The client's address; of IPv6 the /64 that one customer of a provider has."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ip_network((address, 64), strict=False))


def take(request: Request, name: str, key: Hashable, *, times: int, per: float) -> RateLimit:
    """Let this key through `times` per `per` seconds, else 429; what was taken can be given back.

    For a key that stands in the body: an account that somebody guesses from many addresses.
    """
    limits: dict[str, RateLimit] = request.app.state.rate_limits
    limit = limits.get(name) or limits.setdefault(name, RateLimit(times, per))
    if wait := limit.take(key):
        raise TooManyRequests(retry_after=math.ceil(wait))
    return limit


def limited(
    name: str,
    *,
    times: int | Callable[[Request], int],
    per: float,
    key: Callable[[Request], Hashable] = client_of,
) -> Callable[[Request], Awaitable[None]]:
    """A dependency that lets each client through `times` per `per` seconds, else 429.

    `dependencies=[Depends(limited("guest-lookup", times=10, per=60))]`; `times` may be read from
    what the app was told.
    """

    @refuses(TooManyRequests)
    async def check(request: Request) -> None:
        allowed = times if isinstance(times, int) else times(request)
        _ = take(request, name, key(request), times=allowed, per=per)

    return check
