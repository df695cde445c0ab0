"""Posts webhooks to their receivers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import httpx

from wareflow_sandbox.model.webhook import signature


@dataclass(frozen=True)
class Reply:
    """What the receiver said: its status, or how it could not be reached."""

    ok: bool
    result: str


class Receivers(Protocol):
    """Whoever brings a webhook to its address."""

    async def post(self, *, url: str, payload: bytes, secret: str, at: datetime) -> Reply:
        """One attempt; only 2xx counts as received. Never raises."""
        ...


class HttpReceivers:
    """Over HTTP, as Stripe does: redirects are not followed, proxies not asked."""

    def __init__(
        self, *, timeout: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._client = httpx.AsyncClient(
            timeout=timeout, transport=transport, trust_env=False, follow_redirects=False
        )

    async def post(self, *, url: str, payload: bytes, secret: str, at: datetime) -> Reply:
        """Sign and send."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(payload, secret=secret, at=at),
            "User-Agent": "Stripe/1.0 (wareflow sandbox)",
        }
        try:
            response = await self._client.post(url, content=payload, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Reply(ok=False, result=type(error).__name__)
        return Reply(ok=response.is_success, result=str(response.status_code))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
