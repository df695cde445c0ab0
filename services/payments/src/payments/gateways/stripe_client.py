"""The gateway's port, spoken to Stripe by its own client; the sandbox understands it too."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar
from uuid import UUID

from payments.gateways.gateway import (
    IntentRequest,
    NotNow,
    NotOurs,
    RefundRequest,
    Refused,
    Unanswered,
)
from payments.gateways.metrics import REQUESTS, SECONDS
from payments.gateways.stripe_money import NotPayable, to_stripe
from payments.gateways.stripe_shapes import intent_of, refund_of
from payments.model.intent import GatewayRefund, Intent

if TYPE_CHECKING:
    import stripe
    from stripe import V1Services

T = TypeVar("T")


class After(TypedDict, total=False):
    """Where the next page of a list begins."""

    starting_after: str


Listed = tuple[list[dict[str, Any]], bool]
"""A page, and whether there are more."""

_PAGE = 100
_OUTCOMES: dict[type[Exception], str] = {
    Refused: "refused",
    Unanswered: "unanswered",
    NotNow: "not_now",
    NotOurs: "not_ours",
}


class StripeGateway:
    """Stripe at `url`. It never tries twice by itself: our operations do, and remember it."""

    def __init__(self, *, url: str, key: str, timeout: float) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._timeout = timeout
        self._connecting = asyncio.Lock()
        self._http: stripe.HTTPClient | None = None
        self._client: stripe.StripeClient | None = None

    async def connect(self) -> bool:
        """Load the client before it is needed; False, there is nothing more to do."""
        _ = await self._v1()
        return False

    async def _v1(self) -> "V1Services":
        # Its import takes half a second: beside the event loop, and only where calls are made.
        if self._client is None:
            async with self._connecting:
                if self._http is None:
                    self._http, self._client = await asyncio.to_thread(self._open)
        assert self._client is not None
        return self._client.v1

    def _open(self) -> "tuple[stripe.HTTPClient, stripe.StripeClient]":
        import stripe

        http = self._transport()
        client = stripe.StripeClient(
            self._key, http_client=http, max_network_retries=0, base_addresses={"api": self._url}
        )
        return http, client

    def _transport(self) -> "stripe.HTTPClient":
        import stripe
        from aiohttp import ClientTimeout

        return stripe.AIOHTTPClient(timeout=ClientTimeout(self._timeout))

    async def create_intent(self, request: IntentRequest) -> Intent:
        """POST /v1/payment_intents: any method that the shop enabled, captured at once."""

        async def send() -> Intent:
            made = await (await self._v1()).payment_intents.create_async(
                {
                    "amount": _payable(request),
                    "currency": request.amount.currency.lower(),
                    "automatic_payment_methods": {"enabled": True},
                    "description": f"Order {request.note}",
                    "metadata": {
                        "order_id": str(request.order_id),
                        "payment_id": str(request.payment_id),
                        "operation_id": str(request.operation_id),
                    },
                },
                {"idempotency_key": str(request.key)},
            )
            return intent_of(made.to_dict())

        return await self._call("create_intent", send)

    async def find_intent(
        self, operation_id: UUID, *, since: datetime, until: datetime
    ) -> Intent | None:
        """GET /v1/payment_intents, page by page; Stripe's search is not used, it lags behind."""
        window = {"gte": int(since.timestamp()), "lte": int(until.timestamp()) + 1}

        async def page(after: After) -> Listed:
            found = await (await self._v1()).payment_intents.list_async(
                {
                    "created": {"gte": window["gte"], "lte": window["lte"]},
                    "limit": _PAGE,
                    "expand": ["data.latest_charge"],
                    **after,
                }
            )
            return [each.to_dict() for each in found.data], found.has_more

        found = await self._find("list_intents", page, operation_id)
        return intent_of(found) if found else None

    async def retrieve_intent(self, intent_id: str) -> Intent:
        """GET /v1/payment_intents/:id."""

        async def send() -> Intent:
            found = await (await self._v1()).payment_intents.retrieve_async(
                intent_id, {"expand": ["latest_charge"]}
            )
            return intent_of(found.to_dict())

        return await self._call("retrieve_intent", send)

    async def cancel_intent(self, intent_id: str, *, key: UUID) -> Intent:
        """POST /v1/payment_intents/:id/cancel."""

        async def send() -> Intent:
            cancelled = await (await self._v1()).payment_intents.cancel_async(
                intent_id, {"cancellation_reason": "abandoned"}, {"idempotency_key": str(key)}
            )
            return intent_of(cancelled.to_dict())

        return await self._call("cancel_intent", send)

    async def create_refund(self, request: RefundRequest) -> GatewayRefund:
        """POST /v1/refunds."""

        async def send() -> GatewayRefund:
            made = await (await self._v1()).refunds.create_async(
                {
                    "payment_intent": request.intent_id,
                    "amount": _payable(request),
                    "metadata": {
                        "order_id": str(request.order_id),
                        "refund_id": str(request.refund_id),
                        "operation_id": str(request.operation_id),
                    },
                },
                {"idempotency_key": str(request.key)},
            )
            return refund_of(made.to_dict())

        return await self._call("create_refund", send)

    async def find_refund(self, operation_id: UUID, *, intent_id: str) -> GatewayRefund | None:
        """GET /v1/refunds of one intent, page by page."""

        async def page(after: After) -> Listed:
            found = await (await self._v1()).refunds.list_async(
                {"payment_intent": intent_id, "limit": _PAGE, **after}
            )
            return [each.to_dict() for each in found.data], found.has_more

        found = await self._find("list_refunds", page, operation_id)
        return refund_of(found) if found else None

    async def retrieve_refund(self, gateway_id: str) -> GatewayRefund:
        """GET /v1/refunds/:id."""

        async def send() -> GatewayRefund:
            found = await (await self._v1()).refunds.retrieve_async(gateway_id)
            return refund_of(found.to_dict())

        return await self._call("retrieve_refund", send)

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close_async()

    async def _find(
        self, operation: str, page: Callable[[After], Awaitable[Listed]], operation_id: UUID
    ) -> dict[str, Any] | None:
        """Go through a list, newest first, for what carries the id of our operation."""
        wanted, after = str(operation_id), After()
        while True:
            raws, more = await self._call(operation, partial(page, after))
            for raw in raws:
                notes: dict[str, Any] = raw.get("metadata") or {}
                if notes.get("operation_id") == wanted:
                    return raw
            if not (more and raws):
                return None
            after = After(starting_after=raws[-1]["id"])

    async def _call(self, operation: str, send: Callable[[], Awaitable[T]]) -> T:
        began, outcome = time.perf_counter(), "ok"
        try:
            async with asyncio.timeout(self._timeout):
                return await send()
        except Exception as error:
            known = self._translated(error)
            outcome = _OUTCOMES[type(known)]
            raise known from error
        finally:
            SECONDS.labels(operation).observe(time.perf_counter() - began)
            REQUESTS.labels(operation, outcome).inc()

    def _translated(self, error: Exception) -> Exception:
        """Stripe's error in the port's words (docs.stripe.com/error-low-level)."""
        if type(error) in _OUTCOMES:
            return error
        if isinstance(error, NotPayable):
            return Refused("amount_not_payable", str(error))
        import stripe

        if not isinstance(error, stripe.StripeError):
            return Unanswered(repr(error))  # a time-out, or an answer that cannot be read
        status, message = error.http_status or 0, error.user_message or str(error)
        if isinstance(error, stripe.IdempotencyError):
            return Unanswered(message, spent=True)
        if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
            return NotOurs(message)
        if isinstance(error, stripe.RateLimitError) or status == 409:
            return NotNow(message)
        if 400 <= status < 500:
            return Refused(error.code or f"http_{status}", message)
        replayed = (error.headers or {}).get("idempotent-replayed") == "true"
        return Unanswered(f"{status}: {message}", spent=replayed)


def _payable(request: IntentRequest | RefundRequest) -> int:
    return to_stripe(request.amount)
