"""Serving an app with uvicorn until a stop event; signals are the caller's."""

import asyncio
import contextlib
import signal
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp

from wareflow_kit.settings import ServiceSettings


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        # uvicorn would raise the signal anew after a clean stop, and the process end by it.
        yield


async def serve(app: ASGIApp, settings: ServiceSettings, *, port: int, stop: asyncio.Event) -> bool:
    """Answer requests until `stop`, then finish those in work; False if it could not start."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=port,
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,  # longer than a proxy keeps its side, or it finds ours closed
        timeout_graceful_shutdown=int(settings.drain_seconds),
        forwarded_allow_ips=settings.trusted_proxies,
    )
    server = _Server(config)

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
