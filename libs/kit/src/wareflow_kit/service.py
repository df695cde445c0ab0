"""A service put together, and how it is run: `python -m orders api|worker|migrate|recover`."""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, NoReturn, get_type_hints

import structlog
import uvloop
from fastapi import FastAPI
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from wareflow_events.broker import Broker, PartitionMismatch, RetentionMismatch
from wareflow_events.consumer import Consumer, ConsumerGroup
from wareflow_events.event import Topic, topics
from wareflow_events.faults import backoff, sleep
from wareflow_events.recovering import Unrecovered, recover
from wareflow_events.recovery import Recovery
from wareflow_events.relay import Relay
from wareflow_events.remembered import Forgetful, must_remember
from wareflow_events.transaction import Transactions
from wareflow_kit.brokers import open_broker
from wareflow_kit.checks import Check
from wareflow_kit.database import migrate
from wareflow_kit.garbage import collect_seldom
from wareflow_kit.housekeeping import housekeeping
from wareflow_kit.logs import configure_logs
from wareflow_kit.pollers import Poller
from wareflow_kit.serving import serve, stop_on_signals
from wareflow_kit.settings import ServiceSettings
from wareflow_kit.supervisor import OnFatal, Supervisor
from wareflow_kit.urls import dsn
from wareflow_kit.web.health import database_ready, health_routes

__all__ = ["Check", "Poller", "Service", "run"]

log = structlog.get_logger(__name__)


@dataclass
class Service:
    """What `main.build` composes."""

    name: str
    settings: ServiceSettings
    engine: AsyncEngine
    transactions: Transactions
    broker: Broker
    app: FastAPI
    groups: tuple[ConsumerGroup, ...] = ()
    pollers: tuple[Poller, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def topics(self) -> list[Topic]:
        """The topics it owns and those it hears."""
        owned = {topic.name: topic for topic in topics() if topic.service == self.name}
        heard = {topic.name: topic for group in self.groups for topic in group.topics}
        return list({**owned, **heard}.values())

    @asynccontextmanager
    async def worker(self, *, on_fatal: OnFatal | None = None) -> AsyncGenerator[Supervisor]:
        """Relay, consumers and pollers run until the block ends, then finish what they have begun.

        A part that dies is told to `on_fatal(part, error)` and on the supervisor yielded here;
        the others go on, and whoever runs the service ends the process.
        """
        supervisor = Supervisor(on_fatal)
        supervisor.start(f"{self.name}.events", partial(self._events, supervisor))
        housework = housekeeping(
            self.name, transactions=self.transactions, broker=self.broker, topics=self.topics
        )
        for poller in (*self.pollers, *housework):
            supervisor.start(poller.name, poller.keep)
        try:
            yield supervisor
        finally:
            await supervisor.drain(self.settings.drain_seconds)

    async def _events(self, supervisor: Supervisor, stop: asyncio.Event) -> None:
        if await self._may_begin(stop) and not stop.is_set():
            supervisor.start(f"{self.name}.relay", self._relay().run)
            for group in self.groups:
                consumer = Consumer(group=group, broker=self.broker, transactions=self.transactions)
                supervisor.start(group.name, consumer.run)
        _ = await stop.wait()

    def _relay(self) -> Relay:
        return Relay(
            dsn=dsn(self.settings.database_url),
            broker=self.broker,
            service=self.name,
            bell=self.transactions.committed,
            poll=self.settings.relay_poll,
            may_lead=self._must_remember,
        )

    async def _must_remember(self) -> None:
        await must_remember(self.engine, self.broker, self.name)

    async def _may_begin(self, stop: asyncio.Event) -> bool:
        """The topics are there, and this database is not an older copy of itself."""
        failures = 0
        while not stop.is_set():
            try:
                await self.broker.ensure_topics(self.topics)
                await self._must_remember()
                return True
            except (PartitionMismatch, RetentionMismatch, Forgetful):
                raise
            except Exception as error:  # noqa: BLE001  the broker may start later than we do
                failures += 1
                log.warning("broker.not_there", service=self.name, error=repr(error))
                _ = await sleep(stop, backoff(failures, first=0.2, most=5))
        return False

    async def close(self) -> None:
        """Let go of the database and the broker."""
        await self.broker.close()
        await self.engine.dispose()


Build = Callable[..., Service]
"""`def build(settings: Settings, *, broker: Broker) -> Service`, of a service's `main.py`."""


def run(build: Build, argv: list[str] | None = None) -> NoReturn:
    """What a service's `__main__` says: `run(build)`.

    Settings are of the type that `build` takes; migrations are of the package it lives in.
    """
    package = build.__module__.split(".")[0]
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    _ = parser.add_argument("command", choices=["api", "worker", "migrate", "recover"])
    command: str = parser.parse_args(argv).command
    settings = _read_settings(build)
    configure_logs(level=settings.log_level, form=settings.log_format)
    ways = {"api": _api, "worker": _worker, "recover": _recover}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if command == "migrate":
            code = runner.run(_migrate(package, settings))
        else:
            code = runner.run(_composed(build, settings, ways[command]))
    sys.exit(code)


def _read_settings(build: Build) -> ServiceSettings:
    kind: type[ServiceSettings] = get_type_hints(build)["settings"]
    try:
        return kind()  # pyright: ignore[reportCallIssue]  the environment gives the rest
    except ValidationError as error:
        sys.exit(f"The settings are not right:\n{error}")


async def _composed(build: Build, settings: ServiceSettings, way: Callable[[Service], Any]) -> int:
    service = build(settings, broker=open_broker(settings))
    collect_seldom()
    try:
        return await way(service)
    finally:
        await service.close()


async def _api(service: Service) -> int:
    stop = stop_on_signals()
    settings = service.settings
    return 0 if await serve(service.app, settings, port=settings.port, stop=stop) else 1


async def _worker(service: Service) -> int:
    stop = stop_on_signals()
    settings = service.settings
    async with service.worker(on_fatal=lambda _part, _error: stop.set()) as supervisor:

        async def nothing_died() -> str | None:
            return f"died: {', '.join(supervisor.failures)}" if supervisor.failures else None

        app = Starlette(routes=health_routes([database_ready(service.engine), nothing_died]))
        started = await serve(app, settings, port=settings.worker_port, stop=stop)
    return 1 if supervisor.failures or not started else 0


async def _recover(service: Service) -> int:
    """Take back what a restored database has lost, while neither door of the service is open."""
    recovery: Recovery = import_module(f"{service.name}.recovery").RECOVERY
    await service.broker.ensure_topics(service.topics)
    try:
        async for one in recover(service.transactions, recovery, service.groups, service.broker):
            log.warning("recovered", topic=one.topic, events=one.events, keys=one.keys)
    except Unrecovered as error:
        log.error("not recovered", service=service.name, reason=str(error))  # noqa: TRY400
        return 1
    for line in recovery.lost:
        log.warning("lost", service=service.name, what=line)
    return 0


async def _migrate(package: str, settings: ServiceSettings) -> int:
    from wareflow_kit.migrating import create_database

    await migrate(package, settings.database_url)
    if settings.broker == "postgres" and settings.log_url:
        await create_database(settings.log_url)
    return 0
