"""A client that repeats what it may: what a good client does while a shop is being restarted."""

import asyncio
import time

import httpx

_REPEATABLE = frozenset({"GET", "PATCH", "PUT", "DELETE"})
_PASSING = frozenset({429, 500, 502, 503, 504})
_BUSY = 409
"""At the gateway: another request with the same key is under way."""
_NOT_YET = 404
"""With Retry-After: the service has not heard of the order yet."""


class Patient(httpx.AsyncBaseTransport):
    """Sends a request again, the same in every byte, while nobody answers or a server is at fault.

    What may not be repeated, a POST without an Idempotency-Key, is sent once.
    """

    def __init__(
        self, *, patience: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.gave_up: list[str] = []
        """Requests that found nobody, or only faults, for the whole `patience` (seconds)."""
        self._transport = transport or httpx.AsyncHTTPTransport()
        self._patience = patience

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The first answer that is one, or the last when patience is at its end."""
        began = down_since = time.monotonic()
        while True:
            answer, error = await self._once(request)
            if answer is not None and not _will_pass(request, answer):
                return answer
            now = time.monotonic()
            if answer is not None and answer.status_code == _NOT_YET:
                down_since = now
            if now - down_since > self._patience and _may_be_repeated(request):
                said = repr(error) if answer is None else answer.status_code
                self.gave_up.append(f"{request.method} {request.url.path}: {said}")
            if now - began > self._patience or not _may_be_repeated(request):
                return _last(answer, error)
            if answer is not None:
                await answer.aclose()
            await asyncio.sleep(0.3)

    async def _once(
        self, request: httpx.Request
    ) -> tuple[httpx.Response | None, httpx.TransportError | None]:
        try:
            return await self._transport.handle_async_request(request), None
        except httpx.TransportError as error:
            return None, error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


def _last(answer: httpx.Response | None, error: httpx.TransportError | None) -> httpx.Response:
    if answer is None:
        assert error is not None
        raise error
    return answer


def _may_be_repeated(request: httpx.Request) -> bool:
    """Also what a visitor did: each of those events has an id of its own."""
    return (
        request.method in _REPEATABLE
        or "Idempotency-Key" in request.headers
        or request.url.path == "/analytics/v1/collect"
    )


def _will_pass(request: httpx.Request, answer: httpx.Response) -> bool:
    if "Idempotent-Replayed" in answer.headers:
        return False  # the gateway keeps a fault under its key: it answers so for ever
    if answer.status_code == _BUSY:
        return request.url.path.startswith("/sandbox/")
    if answer.status_code == _NOT_YET:
        return "Retry-After" in answer.headers
    return answer.status_code in _PASSING
