"""Every asyncpg connection goes through the gate: SQLAlchemy's pools and the relay's own alike."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import asyncpg
from tests.simulation.gate import Flight, Gate
from tests.simulation.process import Process, here

_connect = asyncpg.connect
_SHOWN = 90
_TALKS = frozenset(
    (
        *("query", "prepare", "bind", "execute", "bind_execute", "bind_execute_many"),
        *("close_statement", "close", "copy_in", "copy_out"),
    )
)
"""Methods of asyncpg's protocol that send something and wait for the answer."""


class _Gated:
    """Stands before asyncpg's protocol; whatever talks to the server waits for its turn."""

    def __init__(self, protocol: Any, gate: Gate, process: Process) -> None:
        self._real = protocol
        self._gate = gate
        self._process = process
        self._flight = Flight(protocol.get_server_pid(), self._lose)

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        return partial(self._through, name, real) if name in _TALKS else real

    async def _through(self, name: str, real: Any, *args: Any, **more: Any) -> Any:
        async def send() -> Any:
            answer = await real(*args, **more)
            if name == "close":
                self._gate.monitor.terminate([self._real.get_server_pid()])  # and not later
            return answer

        what = _shown(name, [*args, *more.values()])
        return await self._gate.call(self._process, what, send, self._flight)

    def _lose(self) -> Exception:
        """The connection breaks; the server notices at once."""
        self._real.abort()
        self._gate.monitor.terminate([self._real.get_server_pid()])
        return asyncpg.ConnectionDoesNotExistError("the simulation cut the connection")


def _shown(name: str, args: Sequence[Any]) -> str:
    """What a call is called in the trace: its statement, or what is done."""
    if name == "close":
        return "close connection"
    texts = [arg if isinstance(arg, str) else getattr(arg, "query", None) for arg in args]
    query = next((text for text in texts if text and not text.startswith("__asyncpg")), "")
    prefix = "" if name in {"query", "bind_execute"} else f"{name} "
    return prefix + " ".join(query.split())[:_SHOWN]


_Connection: Any = asyncpg.Connection  # generic in its stubs, not when it runs


class SimConnection(_Connection):
    """A connection of a process."""

    gate: Gate

    def __init__(self, protocol: Any, *args: Any) -> None:
        self.process = here()
        self.pid: int = protocol.get_server_pid()
        self.dies_idle = False
        """Whether the server ends it when it is idle for long."""
        parent: Any = super()
        parent.__init__(_Gated(protocol, self.gate, self.process), *args)
        self.process.connections.append(self)

    async def _cancel(self, waiter: "asyncio.Future[None]", *_: Any) -> None:
        # asyncpg would open a socket of its own for this; nothing may go around the gate.
        if self.process.alive:
            self.gate.monitor.cancel(self.pid)
        if not waiter.done():
            waiter.set_result(None)

    def _abort(self) -> None:
        # The server notices some time later; here at once, so that a replay is the same.
        parent: Any = super()
        parent._abort()
        if self.process.alive:
            self.gate.monitor.terminate([self.pid])


def _connector(gate: Gate) -> Callable[..., Any]:
    class Connection(SimConnection):
        pass

    Connection.gate = gate

    async def connect(*args: Any, **more: Any) -> Any:
        settings: dict[str, str] = dict(more.pop("server_settings", None) or {})
        dies_idle = settings.pop("idle_session_timeout", None) is not None
        connection: SimConnection = await gate.call(
            here(),
            "connect",
            lambda: _connect(
                *args, **more, ssl=False, server_settings=settings, connection_class=Connection
            ),
            Flight(),
        )
        connection.dies_idle = dies_idle
        return connection

    return connect


@contextmanager
def gated(gate: Gate) -> Generator[None]:
    """In this block no connection is made but through the gate."""
    with patch("asyncpg.connect", _connector(gate)):
        yield
