"""Every service as processes of its own (`api`, `worker`), the way production runs them."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from wareflow import state
from wareflow.children import Child
from wareflow.configuration import Plan
from wareflow.database import prepare
from wareflow.embedded import HOST, Options, Say, http, listen, server
from wareflow.front import Front
from wareflow.house import SERVICES
from wareflow.proxy import Proxy
from wareflow.pulse import Pulse
from wareflow.state import Running
from wareflow_kit.supervisor import Supervisor
from wareflow_postgres.launch import free_port

_UP_WITHIN = 120.0


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
        address = await stack.enter_async_context(server(options, say))
        broker = "kafka" if options.kafka_bootstrap else "postgres"
        await prepare(address, broker)
        names: tuple[str, ...] = (*SERVICES, "sandbox")
        free = _free_ports(len(names) + len(SERVICES))
        ports: dict[str, int] = dict(zip(names, free, strict=False))
        urls: dict[str, str] = {n: f"http://{HOST}:{port}" for n, port in ports.items()}
        plan = Plan(
            data=options.data,
            postgres=address,
            broker=broker,
            kafka_bootstrap=options.kafka_bootstrap,
            services=urls,
            front=front,
            log_level=options.log_level,
            overrides=options.overrides or {},
        )
        children = _children(plan, options.program, ports, free[len(names) :])
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


def _children(
    plan: Plan, program: Sequence[str], ports: Mapping[str, int], worker_ports: Sequence[int]
) -> list[Child]:
    (plan.data / "logs").mkdir(parents=True, exist_ok=True)
    found = [_child(plan, "sandbox", [*program, "wareflow_sandbox"], {"PORT": ports["sandbox"]})]
    for name, worker_port in zip(SERVICES, worker_ports, strict=True):
        api, worker = {"PORT": ports[name]}, {"WORKER_PORT": worker_port}
        found.append(_child(plan, f"{name}-api", [*program, name, "api"], api))
        found.append(_child(plan, f"{name}-worker", [*program, name, "worker"], worker))
    return found


def _child(plan: Plan, name: str, command: Sequence[str], port: Mapping[str, int]) -> Child:
    service = name.split("-", maxsplit=1)[0]
    own = {f"WAREFLOW_{service.upper()}_{key}": str(value) for key, value in port.items()}
    (listening,) = port.values()
    return Child(
        name=name,
        command=command,
        environment={**plan.environment(service), **own},
        output=plan.data / "logs" / f"{name}.log",
        pulse=Pulse(f"http://{HOST}:{listening}/health/live"),
    )


def _free_ports(count: int) -> list[int]:
    """Ports that are free just now, each another one."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return list(found)


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
