"""The parts of the shop, composed by their own `main.build`, each in a process of its own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any

import httpx
import stripe
from argon2 import PasswordHasher
from tests.simulation.broker import SimBroker
from tests.simulation.network import Wire

from payments.gateways.stripe_client import StripeGateway
from wareflow.configuration import Plan
from wareflow_kit.pollers import Poller
from wareflow_kit.supervisor import OnFatal

_LEAST_POLL = 1.0
"""Seconds; idle looks cost time and find nothing."""
QUICK_HASHER = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
"""In place of crm's, which takes a tenth of a second on purpose."""


class _Gateway(StripeGateway):
    """Stripe's own client, whose requests travel in the simulation."""

    def __init__(self, wire: Wire, **more: Any) -> None:
        super().__init__(**more)
        self._wire = wire

    def _transport(self) -> stripe.HTTPClient:
        http = stripe.HTTPXClient(timeout=self._timeout)
        http._client_async = httpx.AsyncClient(transport=self._wire)
        return http


@asynccontextmanager
async def service(
    name: str, plan: Plan, broker: SimBroker, wire: Wire, on_fatal: OnFatal, *, doors: bool
) -> AsyncGenerator[Any]:
    """A service that runs, with its HTTP app unless it is only a second worker."""
    settings = import_module(f"{name}.settings").Settings(**plan.settings(name))
    more: dict[str, Any] = {}
    if name == "payments":
        key = settings.gateway_key.get_secret_value()
        more["gateway"] = _Gateway(
            wire, url=settings.gateway_url, key=key, timeout=settings.gateway_timeout
        )
    built = import_module(f"{name}.main").build(settings, broker=broker, **more)
    built.pollers = _calmer(built.pollers)
    try:
        lifespan = built.app.router.lifespan_context(built.app) if doors else nullcontext()
        async with lifespan, built.worker(on_fatal=on_fatal):
            yield built.app
    finally:
        await built.close()


@asynccontextmanager
async def sandbox(plan: Plan, wire: Wire, on_fatal: OnFatal) -> AsyncGenerator[Any]:
    """The gateway."""
    settings = import_module("wareflow_sandbox.settings").Settings(**plan.settings("sandbox"))
    built = import_module("wareflow_sandbox.main").build(settings, transport=wire)
    built.pollers = _calmer(built.pollers)
    try:
        async with built.app.router.lifespan_context(built.app), built.worker(on_fatal=on_fatal):
            yield built.app
    finally:
        await built.close()


def _calmer(pollers: tuple[Poller, ...]) -> tuple[Poller, ...]:
    return tuple(replace(each, every=max(each.every, _LEAST_POLL)) for each in pollers)
