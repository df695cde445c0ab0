"""A service in another process, as an ASGI app: what an ingress does in production."""

from collections.abc import AsyncGenerator

import httpx
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

# Headers that belong to one connection (RFC 9110 §7.6.1), not to the message.
_HOP = {b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
_ENDING_HERE = _HOP | {b"x-forwarded-for"}


class Proxy:
    """Forwards requests to a base address and streams the answers back."""

    def __init__(self, client: httpx.AsyncClient, base: str) -> None:
        self._client = client
        self._base = base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI, HTTP only."""
        url = self._base + scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        if scope["query_string"]:
            url += "?" + scope["query_string"].decode("latin-1")
        given = dict(scope["headers"])
        headers = [(name, value) for name, value in scope["headers"] if name not in _ENDING_HERE]
        if scope.get("client"):  # as we see it: what the client says of itself is not passed on
            headers.append((b"x-forwarded-for", scope["client"][0].encode()))
        has_body = given.keys() & {b"content-length", b"transfer-encoding"}
        content = _body(receive) if has_body else b""
        request = self._client.build_request(scope["method"], url, headers=headers, content=content)
        try:
            answer = await self._client.send(request, stream=True)
        except ClientDisconnect:
            return
        except httpx.TransportError:
            await _unreachable()(scope, receive, send)
            return
        try:
            kept = [(k.lower(), v) for k, v in answer.headers.raw if k.lower() not in _HOP]
            await send(
                {"type": "http.response.start", "status": answer.status_code, "headers": kept}
            )
            async for part in answer.aiter_raw():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await answer.aclose()


async def _body(receive: Receive) -> AsyncGenerator[bytes]:
    """A piece at a time: a large one is never held here."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


def _unreachable() -> JSONResponse:
    body = {
        "type": "/problems/unavailable",
        "title": "Service unavailable",
        "status": 503,
        "detail": "This service is not running just now; the others are.",
    }
    return JSONResponse(
        body, status_code=503, media_type="application/problem+json", headers={"Retry-After": "1"}
    )
