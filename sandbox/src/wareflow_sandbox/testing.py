"""For tests: a sandbox on a free port, a shop, a customer's browser, a receiver of webhooks."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx
import orjson
import uvicorn
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from wareflow_events.clock import Clock, utc_now
from wareflow_sandbox.checks import CHECKS
from wareflow_sandbox.main import Sandbox, build
from wareflow_sandbox.settings import Settings

__all__ = [
    "Browser",
    "Receiver",
    "Running",
    "Shop",
    "broken_promises",
    "error_of",
    "eventually",
    "open_shop",
    "running_app",
    "running_sandbox",
]

if TYPE_CHECKING:  # only the shop needs it, and only who tests with the shop has it
    import stripe

T = TypeVar("T")

BACK = "https://shop.example/done"
"""Where the shop's customers return to."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield  # signals are the test runner's


@asynccontextmanager
async def running_app(app: ASGIApp) -> AsyncGenerator[str]:
    """The app on a free loopback port, until the block ends; its url."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        config = uvicorn.Config(app, http="httptools", log_config=None, access_log=False)
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            while not server.started:
                if serving.done():
                    serving.result()
                await asyncio.sleep(0.005)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await serving


@dataclass(frozen=True)
class Running:
    """A sandbox that answers and delivers."""

    url: str
    """For `base_addresses={"api": ...}` of a Stripe client."""
    sandbox: Sandbox

    @property
    def settings(self) -> Settings:
        """What it runs with."""
        return self.sandbox.settings

    async def misbehave(self, **rule: Any) -> None:
        """Add a fault, such as `fault="error_500", match={"path_regex": "refunds$"}, times=1`."""
        await self._config("POST", "faults", rule)

    async def behave(self) -> None:
        """No faults any more, and webhooks as they should be."""
        await self._config("DELETE", "faults")
        await self._config("DELETE", "webhooks")

    async def disturb_webhooks(self, **faults: Any) -> None:
        """Webhooks late, twice, out of order: see `WebhookFaults`."""
        await self._config("POST", "webhooks", faults)

    async def _config(self, method: str, what: str, body: dict[str, Any] | None = None) -> None:
        headers = {"Authorization": f"Bearer {self.settings.secret_key}"}
        async with httpx.AsyncClient(headers=headers, trust_env=False) as http:
            address = f"{self.url}/v1/_config/{what}"
            response = await http.request(method, address, json=body)
            _ = response.raise_for_status()


@asynccontextmanager
async def running_sandbox(
    settings: Settings, *, clock: Clock = utc_now, working: bool = True
) -> AsyncGenerator[Running]:
    """A sandbox on a free loopback port, on a migrated database; without its worker if not
    `working`."""
    sandbox = build(settings, clock=clock)
    worker = sandbox.worker() if working else nullcontext()
    try:
        async with running_app(sandbox.app) as address, worker:
            yield Running(f"{address}/sandbox", sandbox)
    finally:
        await sandbox.close()


async def eventually(
    probe: Callable[[], Awaitable[T | None]], *, timeout: float = 10, every: float = 0.01
) -> T:
    """What the probe finds, asked until it is not None; `TimeoutError` after `timeout` seconds."""
    async with asyncio.timeout(timeout):
        while (found := await probe()) is None:  # noqa: ASYNC110  what is probed rings no bell
            await asyncio.sleep(every)
    return found


class Receiver:
    """Hears webhooks, and may be told to refuse the first few."""

    def __init__(self, *, refuse_first: int = 0) -> None:
        self.refused = 0
        self.heard: list[tuple[bytes, str]] = []
        """Bodies and `Stripe-Signature` headers of what was received, in order."""
        self._refuse_first = refuse_first
        self.app = Starlette(routes=[Route("/hook", self._hear, methods=["POST"])])

    async def _hear(self, request: Request) -> Response:
        body = await request.body()
        if self.refused < self._refuse_first:
            self.refused += 1
            return Response(status_code=503)
        self.heard.append((body, request.headers["stripe-signature"]))
        return Response(status_code=204)

    def events(self, *types: str) -> list[dict[str, Any]]:
        """What was received, of those types or all."""
        events = [orjson.loads(body) for body, _ in self.heard]
        return [event for event in events if not types or event["type"] in types]

    async def until(
        self, *types: str, number: int = 1, timeout: float = 10
    ) -> list[dict[str, Any]]:
        """The events of those types, once there are `number` of them."""

        async def enough() -> list[dict[str, Any]] | None:
            events = self.events(*types)
            return events if len(events) >= number else None

        return await eventually(enough, timeout=timeout)


@dataclass(frozen=True)
class Browser:
    """What a customer's browser does, with the publishable key and a client secret."""

    url: str
    publishable_key: str = "pk_test_sandbox"

    async def pay(
        self, client_secret: str, method: str = "pm_card_visa", **more: str
    ) -> httpx.Response:
        """Confirm with a test payment method; 402 is a decline."""
        intent = client_secret.partition("_secret_")[0]
        form = {"client_secret": client_secret, "payment_method": method, **more}
        return await self._post(f"/v1/payment_intents/{intent}/confirm", form)

    async def answer_bank(self, client_secret: str, *, approve: bool = True) -> httpx.Response:
        """Press a button on the 3-D Secure page."""
        intent = client_secret.partition("_secret_")[0]
        return await self._post(f"/3ds/{intent}/{'approve' if approve else 'decline'}", {})

    async def _post(self, path: str, form: dict[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as http:
            return await http.post(
                f"{self.url}{path}",
                data=form,
                headers={"Authorization": f"Bearer {self.publishable_key}"},
            )


@dataclass(frozen=True)
class Shop:
    """What a shop's server does, with Stripe's own client. Amounts in minor units."""

    client: "stripe.StripeClient"

    async def intent(self, **more: Any) -> "stripe.PaymentIntent":
        """An intent over 18.99 EUR, unless told otherwise."""
        params: Any = {"amount": 1899, "currency": "eur", **more}
        return await self.client.v1.payment_intents.create_async(params)

    async def confirm(
        self, intent: "stripe.PaymentIntent", method: str | None = "pm_card_visa", **more: Any
    ) -> "stripe.PaymentIntent":
        """An attempt to pay it."""
        params: Any = {"return_url": BACK, "payment_method": method, **more}
        return await self.client.v1.payment_intents.confirm_async(intent.id, params)

    async def paid(self, method: str = "pm_card_visa", **more: Any) -> "stripe.PaymentIntent":
        """Created and confirmed in one."""
        return await self.intent(payment_method=method, confirm=True, return_url=BACK, **more)

    async def refund(self, intent: "stripe.PaymentIntent", **more: Any) -> "stripe.Refund":
        """Money back, all that is left unless told otherwise."""
        params: Any = {"payment_intent": intent.id, **more}
        return await self.client.v1.refunds.create_async(params)

    async def again(self, intent: "stripe.PaymentIntent") -> "stripe.PaymentIntent":
        """The intent as it is now, with its latest charge."""
        expand: Any = {"expand": ["latest_charge"]}
        return await self.client.v1.payment_intents.retrieve_async(intent.id, expand)


@asynccontextmanager
async def open_shop(
    url: str, *, key: str = "sk_test_sandbox", timeout: float = 10, retries: int = 0
) -> AsyncGenerator[Shop]:
    """A shop whose client talks to the sandbox at `url`; without retries, so that faults show."""
    import stripe
    from aiohttp import ClientTimeout

    http = stripe.AIOHTTPClient(timeout=ClientTimeout(timeout))
    try:
        yield Shop(
            stripe.StripeClient(
                key,
                http_client=http,
                base_addresses={"api": url},
                max_network_retries=retries,
            )
        )
    finally:
        await http.close_async()


def error_of(error: "stripe.StripeError") -> dict[str, Any]:
    """The error object that came as JSON."""
    return cast("dict[str, dict[str, Any]]", error.json_body)["error"]


async def broken_promises(engine: AsyncEngine) -> set[str]:
    """The names of the checks that do not hold."""
    broken: set[str] = set()
    async with engine.connect() as connection:
        for check in CHECKS:
            if (await connection.execute(text(check.sql))).first() is not None:
                broken.add(check.name)
    return broken
