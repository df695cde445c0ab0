"""Doing to a shop what the schedule says."""

import asyncio
import contextlib
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence

from tests.chaos.gateway import Gateway
from tests.chaos.schedule import Fault, Strike
from tests.chaos.stages import Stage

_COMES_BACK = 30.0
"""Seconds for which a strike waits for its victim."""


class Striker:
    """Hits the processes, the broker, the database and the gateway of one shop."""

    def __init__(self, stage: Stage, *, seed: int) -> None:
        self.hits: Counter[Fault] = Counter()
        self.gateway = Gateway(stage.running().services["sandbox"], seed)
        self._stage = stage
        self._children = {child.name: child for child in stage.children}
        self._postmaster = stage.data / "postgres" / "postmaster.pid"
        self._broker = asyncio.Lock()

    async def play(self, strikes: Sequence[Strike], *, tell: Callable[[Strike], None]) -> None:
        """Carry all of them out, each at its time; returns when the last is over.

        The clock stands still while a strike waits for the shop to get up.
        """
        clock = asyncio.get_running_loop().time
        began, under_way = clock(), list[asyncio.Task[None]]()
        for strike in strikes:
            await asyncio.sleep(began + strike.at - clock())
            if strike.waits:
                since = clock()
                with contextlib.suppress(TimeoutError):
                    await self._stage.until_ready(within=_COMES_BACK)
                began += clock() - since
            tell(strike)
            under_way.append(asyncio.create_task(self._strike(strike)))
        _ = await asyncio.gather(*under_way)

    async def _strike(self, strike: Strike) -> None:
        """One whose victim is not there in time misses, and does not count."""
        with contextlib.suppress(TimeoutError, ProcessLookupError):
            match strike.fault:
                case Fault.KILL:
                    os.kill(await self._pid(strike.victim), signal.SIGKILL)
                case Fault.STOP:
                    await self._stop(strike)
                case Fault.BROKER:
                    await self._kill_broker(strike)
                case Fault.POSTGRES:
                    os.kill(await self._postgres_pid(), signal.SIGQUIT)
                case Fault.GATEWAY | Fault.WEBHOOKS:
                    if not await self.gateway.disturb(strike):
                        return
            self.hits[strike.fault] += 1

    async def _pid(self, name: str) -> int:
        async with asyncio.timeout(_COMES_BACK):
            while (pid := self._children[name].pid) is None:  # noqa: ASYNC110  a process does it
                await asyncio.sleep(0.02)
        return pid

    async def _stop(self, strike: Strike) -> None:
        pid = await self._pid(strike.victim)
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(strike.lasts)
        if self._children[strike.victim].pid == pid:  # it may have been killed meanwhile
            os.kill(pid, signal.SIGCONT)

    async def _kill_broker(self, strike: Strike) -> None:
        kafka = self._stage.kafka
        assert kafka is not None
        async with self._broker:
            await asyncio.to_thread(kafka.kill)
            await asyncio.sleep(strike.lasts)
            _ = await asyncio.to_thread(kafka.start)

    async def _postgres_pid(self) -> int:
        """Of the server that answers: its file says so in the eighth line."""
        async with asyncio.timeout(_COMES_BACK):
            while True:
                with contextlib.suppress(FileNotFoundError):
                    lines = self._postmaster.read_text().splitlines()
                    if len(lines) > 7 and lines[7].strip() == "ready":
                        return int(lines[0])
                await asyncio.sleep(0.05)
