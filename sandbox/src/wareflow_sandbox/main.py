"""Composes the sandbox: settings -> engine, faults, app, pollers."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from wareflow_events.bell import Bell
from wareflow_events.clock import Clock, utc_now
from wareflow_kit.checks import Check
from wareflow_kit.database import engine as open_engine
from wareflow_kit.pollers import Poller
from wareflow_kit.supervisor import OnFatal, Supervisor
from wareflow_sandbox.api.app import create_app
from wareflow_sandbox.api.calling import Caller
from wareflow_sandbox.checks import CHECKS
from wareflow_sandbox.gateways.receivers import HttpReceivers
from wareflow_sandbox.model.faults import FaultBook, FaultRule
from wareflow_sandbox.model.ids import Mint
from wareflow_sandbox.model.webhook_faults import WebhookFaults, WebhookWeather
from wareflow_sandbox.settings import Settings
from wareflow_sandbox.store.work import Work
from wareflow_sandbox.usecases.deliver_webhooks import Postman
from wareflow_sandbox.usecases.prune import prune
from wareflow_sandbox.usecases.settle_payments import settle_payments
from wareflow_sandbox.usecases.settle_refunds import settle_refunds
from wareflow_sandbox.usecases.webhook_endpoints import configure_endpoints


@dataclass
class Sandbox:
    """What `build` composes. The app answers; the worker delivers webhooks and settles what is
    late. Faults live in memory, so both run in one process, and there is one such process."""

    settings: Settings
    engine: AsyncEngine
    app: FastAPI
    pollers: tuple[Poller, ...]
    receivers: HttpReceivers
    name: str = "sandbox"
    checks: tuple[Check, ...] = CHECKS

    @asynccontextmanager
    async def worker(self, *, on_fatal: OnFatal | None = None) -> AsyncGenerator[Supervisor]:
        """The pollers run until the block ends, then finish what they have begun."""
        supervisor = Supervisor(on_fatal)
        for poller in self.pollers:
            supervisor.start(poller.name, poller.keep)
        try:
            yield supervisor
        finally:
            await supervisor.drain(self.settings.drain_seconds)

    async def close(self) -> None:
        """Let go of the receivers and the database."""
        await self.receivers.aclose()
        await self.engine.dispose()


def build(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Sandbox:
    """Put the sandbox together; `transport` may carry webhooks within the process."""
    engine = open_engine(
        settings.database_url, pool=settings.pool_size, name="sandbox", lock_timeout=2
    )
    faults = FaultBook(tuple(FaultRule.model_validate(each) for each in settings.faults))
    weather = WebhookWeather(WebhookFaults.model_validate(settings.webhook_faults))
    caller = Caller(
        engine=engine,
        reading=engine.execution_options(isolation_level="AUTOCOMMIT"),
        clock=clock,
        mint=Mint(),
        settings=settings,
        weather=weather,
        told=Bell(),
    )
    receivers = HttpReceivers(timeout=settings.webhook_timeout_seconds, transport=transport)
    postman = Postman(
        engine=engine,
        clock=clock,
        receivers=receivers,
        weather=weather,
        first_pause=timedelta(seconds=settings.webhook_retry_seconds),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async def configure(work: Work) -> bool:
            await configure_endpoints(work, wanted=settings.webhook_endpoints)
            return False

        _ = await in_transaction(caller, configure)
        yield

    return Sandbox(
        settings=settings,
        engine=engine,
        app=create_app(caller, faults, lifespan),
        pollers=_pollers(caller, postman),
        receivers=receivers,
    )


def _pollers(caller: Caller, postman: Postman) -> tuple[Poller, ...]:
    async def payments() -> bool:
        return await in_transaction(caller, settle_payments)

    async def refunds() -> bool:
        return await in_transaction(caller, settle_refunds)

    async def old() -> bool:
        return await in_transaction(caller, prune)

    return (
        Poller("sandbox.webhooks", 0.25, postman.deliver, caller.told),
        Poller("sandbox.payments", 0.5, payments),
        Poller("sandbox.refunds", 0.5, refunds),
        Poller("sandbox.prune", 600, old),
    )


async def in_transaction(caller: Caller, verb: Callable[[Work], Awaitable[bool]]) -> bool:
    """Run a verb that nobody asked for, and commit."""
    session = AsyncSession(caller.engine, expire_on_commit=False, autoflush=False)
    async with session, session.begin():
        work = caller.work(session)
        more = await verb(work)
        told = await work.write()
    if told:
        caller.told.ring()
    return more
