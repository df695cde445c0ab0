"""All services in one process, with a PostgreSQL server of its own."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from wareflow import state
from wareflow.configuration import Plan
from wareflow.database import postgres, prepare
from wareflow.front import Front
from wareflow.house import SERVICES
from wareflow.state import Running
from wareflow.upkeep import Upkeep
from wareflow_events import event, schemas
from wareflow_events.broker import Broker
from wareflow_kit.service import Service
from wareflow_kit.serving import Server
from wareflow_kit.supervisor import OnFatal, Supervisor

_ = schemas
HOST = "127.0.0.1"
_POLL = 1.0
"""Seconds; doors, relays and readers are in one process and ring each other, so this is a spare:
what a command of another process told is seen by it."""
_DRAIN = 40.0
"""Seconds; longer than the workers' own drain, which all of them do at once."""


@dataclass(frozen=True)
class Options:
    """How a local shop is started."""

    data: Path
    port: int = 8000
    kafka_bootstrap: str | None = None
    """None: the log in PostgreSQL."""
    log_level: str = "warning"
    server_url: str | None = None
    """A PostgreSQL server that runs already, and goes on; None: the data folder's own."""
    fsync: bool = True
    overrides: dict[str, dict[str, Any]] | None = None
    """Settings by service that differ from the usual."""
    program: Sequence[str] = (sys.executable, "-m")
    """What runs a service's module where each is a process; a fault run puts its own before."""
    wrap: Callable[[Broker], Broker] | None = None
    """Something between the services and the broker; tests deliver everything twice."""


Say = Callable[[str], None]


def listen(port: int) -> socket.socket:
    """A socket that listens: who connects before the services are up waits, and is not refused."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((HOST, port))
    listening.listen(2048)
    return listening


@asynccontextmanager
async def server(options: Options, say: Say) -> AsyncGenerator[str]:
    """The address of the shop's database server: the named one, else the data folder's own."""
    options.data.mkdir(parents=True, exist_ok=True)
    if options.server_url is not None:
        yield options.server_url
        return
    async with postgres(options.data, fsync=options.fsync, say=say) as own:
        yield own.socket_url()


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
        told = plan.settings(name) | {"relay_poll": _POLL, "waiting_poll": _POLL}
        if name == "payments":
            told["webhook_poll"] = _POLL
        settings = import_module(f"{name}.settings").Settings(**told)
        services[name] = import_module(f"{name}.main").build(settings, broker=broker)
    return services


@asynccontextmanager
async def embedded(
    options: Options, *, say: Say, on_fatal: OnFatal | None = None
) -> AsyncGenerator[Running]:
    """A running shop in this process; it ends, in good order, with the block.

    `on_fatal` is told of every part that dies; the worker it belongs to is started anew.
    """
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(contextlib.closing(listen(options.port)))
        url = f"http://{HOST}:{listening.getsockname()[1]}"
        address = await stack.enter_async_context(server(options, say))
        kind = "kafka" if options.kafka_bootstrap else "postgres"
        await prepare(address, kind)
        plan = Plan(
            data=options.data,
            postgres=address,
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
    on_fatal: OnFatal | None,
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
    supervisor = Supervisor(on_fatal)
    _ = stack.push_async_callback(supervisor.drain, _DRAIN)
    for each in (sandbox, *services.values()):
        supervisor.start(f"{each.name}.worker", Upkeep(each, on_fatal).run)


def _sandbox(plan: Plan) -> Any:
    settings = import_module("wareflow_sandbox.settings").Settings(**plan.settings("sandbox"))
    return import_module("wareflow_sandbox.main").build(settings)


@asynccontextmanager
async def http(front: Front, listening: socket.socket) -> AsyncGenerator[None]:
    server = Server(front, lifespan="off", timeout_graceful_shutdown=10)
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
