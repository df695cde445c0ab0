"""All services in one process, with a PostgreSQL server of its own."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from wareflow import state
from wareflow.configuration import Plan
from wareflow.front import Front
from wareflow.house import SERVICES
from wareflow.state import Running, database_name
from wareflow_events import event, schemas
from wareflow_events.broker import Broker
from wareflow_kit.database import migrate
from wareflow_kit.service import Service
from wareflow_kit.supervisor import OnFatal
from wareflow_postgres.server import PostgresServer

_ = schemas
HOST = "127.0.0.1"
_POLL = 0.25
"""Seconds; doors, relays and readers are in one process and ring each other, so this is a spare."""


@dataclass(frozen=True)
class Options:
    """How a local shop is started."""

    data: Path
    port: int = 8000
    kafka_bootstrap: str | None = None
    """None: the log in PostgreSQL."""
    log_level: str = "warning"
    fsync: bool = True
    overrides: dict[str, dict[str, Any]] | None = None
    """Settings by service that differ from the usual."""
    wrap: Callable[[Broker], Broker] | None = None
    """Something between the services and the broker; tests deliver everything twice."""


Say = Callable[[str], None]


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield  # signals belong to the command


def listen(port: int) -> socket.socket:
    """A socket that listens: who connects before the services are up waits, and is not refused."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((HOST, port))
    listening.listen(2048)
    return listening


@asynccontextmanager
async def postgres(options: Options, say: Say) -> AsyncGenerator[PostgresServer]:
    """The data folder's own server."""
    options.data.mkdir(parents=True, exist_ok=True)
    server = await asyncio.to_thread(
        PostgresServer.start, options.data / "postgres", fsync=options.fsync, progress=say
    )
    try:
        yield server
    finally:
        await asyncio.to_thread(server.stop)


async def prepare(server: PostgresServer, broker: str) -> None:
    """Make the databases and bring their tables up to date."""

    async def one(name: str) -> None:
        package = "wareflow_sandbox" if name == "sandbox" else name
        await migrate(package, server.url(database_name(name)))

    _ = await asyncio.gather(*(one(name) for name in (*SERVICES, "sandbox")))
    if broker == "postgres":
        _ = await server.aensure_database(database_name("log"))


def _broker(plan: Plan) -> Broker:
    if plan.kafka_bootstrap is not None:
        from wareflow_events.kafka import KafkaBroker

        return KafkaBroker(plan.kafka_bootstrap, replication=1, min_in_sync=1)
    from wareflow_events.postgres import PostgresBroker

    url = plan.settings("orders")["log_url"]
    return PostgresBroker(url, poll=_POLL, connections=24)


def compose(plan: Plan, broker: Broker) -> dict[str, Service]:
    """Build every service."""
    services: dict[str, Service] = {}
    for name in SERVICES:
        told = plan.settings(name) | {"relay_poll": _POLL}
        settings = import_module(f"{name}.settings").Settings(**told)
        services[name] = import_module(f"{name}.main").build(settings, broker=broker)
    return services


@asynccontextmanager
async def embedded(options: Options, *, say: Say, on_fatal: OnFatal) -> AsyncGenerator[Running]:
    """A running shop in this process; it ends, in good order, with the block."""
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(contextlib.closing(listen(options.port)))
        url = f"http://{HOST}:{listening.getsockname()[1]}"
        server = await stack.enter_async_context(postgres(options, say))
        kind = "kafka" if options.kafka_bootstrap else "postgres"
        await prepare(server, kind)
        plan = Plan(
            data=options.data,
            postgres=server.url(),
            broker=kind,
            kafka_bootstrap=options.kafka_bootstrap,
            services=dict.fromkeys((*SERVICES, "sandbox"), url),
            front=url,
            log_level=options.log_level,
            overrides=options.overrides or {},
        )
        broker = _broker(plan)
        broker = options.wrap(broker) if options.wrap else broker
        _ = stack.push_async_callback(broker.close)
        await broker.ensure_topics(event.topics())
        await _start(stack, plan, broker, listening, on_fatal)
        running = plan.running()
        state.write(options.data, running)
        _ = stack.callback(state.remove, options.data)
        yield running


async def _start(
    stack: AsyncExitStack,
    plan: Plan,
    broker: Broker,
    listening: socket.socket,
    on_fatal: OnFatal,
) -> None:
    """Enter every part in the order it is needed: doors first, since workers knock at them."""
    services = compose(plan, broker)
    for service in services.values():
        _ = stack.push_async_callback(service.close)
    sandbox = _sandbox(plan)
    _ = stack.push_async_callback(sandbox.close)
    apps: dict[str, FastAPI] = {name: service.app for name, service in services.items()}
    apps["sandbox"] = sandbox.app
    for app in apps.values():
        _ = await stack.enter_async_context(app.router.lifespan_context(app))
    await stack.enter_async_context(http(Front(apps), listening))
    _ = await stack.enter_async_context(sandbox.worker(on_fatal=on_fatal))
    for service in services.values():
        _ = await stack.enter_async_context(service.worker(on_fatal=on_fatal))


def _sandbox(plan: Plan) -> Any:
    settings = import_module("wareflow_sandbox.settings").Settings(**plan.settings("sandbox"))
    return import_module("wareflow_sandbox.main").build(settings)


@asynccontextmanager
async def http(front: Front, listening: socket.socket) -> AsyncGenerator[None]:
    config = uvicorn.Config(
        front,
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        if task.done():
            task.result()
            raise RuntimeError("the HTTP server did not start")
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        _ = await asyncio.gather(task, return_exceptions=True)
