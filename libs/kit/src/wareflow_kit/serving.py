"""Serving an app with uvicorn, within limits, until a stop event; signals are the caller's."""

import asyncio
import contextlib
import resource
import signal
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from wareflow_kit.connections import Limits, watch, watched
from wareflow_kit.settings import ServiceSettings

_OTHER_FILES = 200
"""Descriptors that a process needs besides its clients'."""
_TICKS = 10
"""uvicorn's ticks, of a tenth of a second, between two looks at the connections."""


class Server(uvicorn.Server):
    """uvicorn, with an eye on its connections."""

    def __init__(self, app: ASGIApp, *, limits: Limits | None = None, **config: Any) -> None:
        self._limits = _affordable(limits or Limits())
        super().__init__(
            uvicorn.Config(
                app,
                http=watched(self._limits),
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                # Longer than a proxy keeps its side, or it finds ours closed.
                timeout_keep_alive=75,
                **config,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """uvicorn would raise the signal anew after a clean stop, and the process end by it."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if counter % _TICKS == 0:
            now = asyncio.get_running_loop().time()
            watch(self.server_state.connections, now=now, limits=self._limits)
        return await super().on_tick(counter)


def _affordable(limits: Limits) -> Limits:
    """Fewer connections where the process may not open so many files."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return limits
    # A quarter more may be open while they are being refused.
    affordable = max(10, (files - _OTHER_FILES) * 4 // 5)
    return replace(limits, connections=min(limits.connections, affordable))


async def serve(app: ASGIApp, settings: ServiceSettings, *, port: int, stop: asyncio.Event) -> bool:
    """Answer requests until `stop`, then finish those in work; False if it could not start."""
    server = Server(
        app,
        limits=Limits(
            connections=settings.max_connections,
            patience=settings.client_patience,
            body=settings.max_body_bytes,
        ),
        host=settings.host,
        port=port,
        lifespan="on",
        timeout_graceful_shutdown=int(settings.drain_seconds),
        forwarded_allow_ips=settings.trusted_proxies,
    )

    async def watch() -> None:
        _ = await stop.wait()
        server.should_exit = True

    watching = asyncio.create_task(watch())
    try:
        await server.serve()
    finally:
        _ = watching.cancel()
    return server.started


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
