"""The world of one seed: all processes of the shop, the gateway, the log, and what befalls them."""

import asyncio
from collections.abc import Generator
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import httpx
from sqlalchemy.orm import Mapper
from sqlalchemy.util import OrderedSet
from tests.simulation import parts
from tests.simulation.broker import SimBroker, SimLog
from tests.simulation.chance import seeded
from tests.simulation.clock import VirtualClock, virtual_time
from tests.simulation.connections import gated
from tests.simulation.gate import Gate
from tests.simulation.loop import VirtualLoop, inline
from tests.simulation.monitor import Monitor
from tests.simulation.network import Network, Wire
from tests.simulation.process import Process
from tests.simulation.weather import Weather

from wareflow.configuration import Plan
from wareflow_events.faults import is_lost_connection


@dataclass
class World:
    """Everything there is in a run."""

    plan: Plan
    weather: Weather
    monitor: Monitor
    clock: VirtualClock = field(default_factory=VirtualClock)
    died: list[str] = field(default_factory=list[str])
    """Parts that ended by themselves, which none should."""

    def __post_init__(self) -> None:
        self.gate = Gate(self.clock, self.monitor, self.weather)
        self.log = SimLog(mishaps=self.weather, time=self.clock.monotonic)
        self.network = Network(self.gate, self.weather)
        self.root = Process("outside", self.gate, mortal=False)
        self.living: dict[str, Process] = {}
        self._buried: list[Process] = []
        self._ending = False

    def broker(self, process: Process) -> SimBroker:
        """The log as a process reaches it."""

        async def reach(what: str) -> None:
            await self.gate.step(process, what)

        broker = SimBroker(self.log, reach=reach)
        process.on_death.append(broker.die)
        return broker

    def http(self) -> httpx.AsyncClient:
        """A client on the simulated network."""
        return httpx.AsyncClient(transport=Wire(self.network), timeout=15)

    def start(self, name: str) -> "asyncio.Future[None]":
        """Start a process, `orders`, `orders/2` or `sandbox`; done when it is up."""
        process = Process(name, self.gate, mortal=name != "sandbox")
        process.on_death.append(lambda: self._dead(process))
        self.living[name] = process
        up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        _ = process.spawn(self._live(process, up))
        return up

    async def _live(self, process: Process, up: "asyncio.Future[None]") -> None:
        try:
            async with self._composed(process) as app:
                if "/" not in process.name:
                    self.network.serve(process.name, process, app)
                if not up.done():
                    up.set_result(None)
                await asyncio.get_running_loop().create_future()
        except Exception as error:  # noqa: BLE001  a start that fails ends the process
            self._fatal(process, "start", error)

    def _composed(self, process: Process) -> AbstractAsyncContextManager[Any]:
        def on_fatal(part: str, error: BaseException) -> None:
            self._fatal(process, part, error)

        wire = Wire(self.network)
        if process.name == "sandbox":
            return parts.sandbox(self.plan, wire, on_fatal)
        name, _, second = process.name.partition("/")
        return parts.service(
            name, self.plan, self.broker(process), wire, on_fatal, doors=not second
        )

    def _fatal(self, process: Process, part: str, error: BaseException) -> None:
        """A part ended by itself: its process ends, and is started anew."""
        if not process.alive:
            return
        if not (self.weather.stormy and is_lost_connection(error)):
            self.died.append(f"{part} of {process.name} ended by itself: {error!r}")
        self.weather.counts["ended by itself"] += 1
        _ = asyncio.get_running_loop().call_soon(process.crash)

    def _dead(self, process: Process) -> None:
        self._buried.append(process)
        if not self._ending:
            loop = asyncio.get_running_loop()
            _ = loop.call_later(self.weather.pause(), self._again, process)

    def _again(self, process: Process) -> None:
        process.bury()  # what has outlived its cancellation
        if self.living.get(process.name) is process and not self._ending:
            _ = self.start(process.name)

    async def end(self) -> None:
        """Everything dies, and nothing is left of it."""
        self._ending = True
        for process in self.living.values():
            process.mortal = True
            process.crash()
        patience = 100
        while left := [task for process in self._buried for task in process.tasks]:
            patience -= 1
            if not patience:
                raise RuntimeError(f"these tasks cannot be cancelled: {left}")
            for task in left:
                _ = task.cancel()
            await asyncio.sleep(0.1)

    @contextmanager
    def loop(self) -> Generator[VirtualLoop]:
        """Where it all runs; in this block time and chance are the world's own."""
        with ExitStack() as stack:
            _ = stack.enter_context(virtual_time(self.clock))
            _ = stack.enter_context(seeded(self.weather.seed))
            _ = stack.enter_context(gated(self.gate))
            _ = stack.enter_context(patch.object(Mapper, "_prop_set", property(_in_order)))
            _ = stack.enter_context(patch("anyio.to_thread.run_sync", inline))
            _ = stack.enter_context(patch("crm.main.PasswordHasher", parts.QUICK_HASHER))
            loop = VirtualLoop(self.clock, self.gate.idle)
            _ = stack.callback(loop.close)
            yield loop


def _in_order(mapper: Any) -> OrderedSet[Any]:
    """A mapper's properties: as a set by address, related rows load in another order each time."""
    return OrderedSet(mapper._props.values())
