"""Every service as processes of its own (`api`, `worker`), the way production runs them."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx

from wareflow import state
from wareflow.children import Child
from wareflow.configuration import Plan
from wareflow.embedded import HOST, Options, Say, http, listen, postgres, prepare
from wareflow.front import Front
from wareflow.house import SERVICES
from wareflow.proxy import Proxy
from wareflow.state import Running
from wareflow_kit.supervisor import Supervisor

_UP_WITHIN = 60.0


@asynccontextmanager
async def processes(
    options: Options, *, say: Say, crew: Callable[[Sequence[Child]], None] | None = None
) -> AsyncGenerator[Running]:
    """A running shop of many processes behind one address; it ends with the block.

    `crew` is told the processes, for whoever wants to see how they die.
    """
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(contextlib.closing(listen(options.port)))
        front = f"http://{HOST}:{listening.getsockname()[1]}"
        server = await stack.enter_async_context(postgres(options, say))
        broker = "kafka" if options.kafka_bootstrap else "postgres"
        await prepare(server, broker)
        names: tuple[str, ...] = (*SERVICES, "sandbox")
        ports: dict[str, int] = dict(zip(names, _free_ports(len(names)), strict=True))
        urls: dict[str, str] = {n: f"http://{HOST}:{port}" for n, port in ports.items()}
        plan = Plan(
            data=options.data,
            postgres=server.url(),
            broker=broker,
            kafka_bootstrap=options.kafka_bootstrap,
            services=urls,
            front=front,
            log_level=options.log_level,
            overrides=options.overrides or {},
        )
        children = _children(plan, ports)
        if crew is not None:
            crew(children)
        supervisor = Supervisor()
        _ = stack.push_async_callback(supervisor.drain, 40.0)
        for child in children:
            supervisor.start(child.name, child.keep)
        client = httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=400))
        _ = stack.push_async_callback(client.aclose)
        apps = {name: Proxy(client, url) for name, url in urls.items()}
        await stack.enter_async_context(http(Front(apps), listening))
        await _all_ready(client, urls, say)
        running = plan.running()
        state.write(options.data, running)
        _ = stack.callback(state.remove, options.data)
        yield running


def _children(plan: Plan, ports: Mapping[str, int]) -> list[Child]:
    logs = plan.data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    workers = dict(zip(SERVICES, _free_ports(len(SERVICES)), strict=True))
    found = [_child(logs, "sandbox", ["wareflow_sandbox"], plan, {"PORT": ports["sandbox"]})]
    for name in SERVICES:
        given = {"PORT": ports[name], "WORKER_PORT": workers[name]}
        found += [
            _child(logs, f"{name}-{role}", [name, role], plan, given) for role in ("api", "worker")
        ]
    return found


def _child(logs: Path, name: str, module: list[str], plan: Plan, given: Mapping[str, int]) -> Child:
    service = name.split("-", maxsplit=1)[0]
    own = {f"WAREFLOW_{service.upper()}_{key}": str(value) for key, value in given.items()}
    return Child(
        name=name,
        command=[sys.executable, "-m", *module],
        environment={**plan.environment(service), **own},
        output=logs / f"{name}.log",
    )


def _free_ports(count: int) -> list[int]:
    """Ports that are free just now, each another one."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]


async def _all_ready(client: httpx.AsyncClient, urls: Mapping[str, str], say: Say) -> None:
    waiting, told = dict(urls), ""
    deadline = asyncio.get_running_loop().time() + _UP_WITHIN
    while waiting:
        for name, url in list(waiting.items()):
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"{url}/health/ready")).status_code == 200:
                    del waiting[name]
        if not waiting:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"not ready after {_UP_WITHIN:.0f} s: {', '.join(waiting)}")
        if told != (told := ", ".join(waiting)):
            say(f"waiting for {told}")
        await asyncio.sleep(0.2)
