"""Alive, ready, and the metrics: three addresses that every process has."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wareflow_kit.web.problems import problem

Ready = Callable[[], Awaitable[str | None]]
"""Returns why this process cannot work just now; None when it can."""

_PATIENCE = 2.0


def database_ready(engine: AsyncEngine) -> Ready:
    """Ready when the database answers, on a connection of its own: a busy pool is no reason."""
    apart = create_async_engine(engine.url, poolclass=NullPool)

    async def ask() -> str | None:
        async with apart.connect() as connection:
            _ = await connection.execute(text("SELECT 1"))
        return None

    ask.__name__ = "database"
    return ask


async def reasons_against(ready: Sequence[Ready]) -> list[str]:
    """Why not; empty when all are ready. A check that fails or takes over 2 s is a reason."""
    found = await asyncio.gather(*(_ask(check) for check in ready))
    return [reason for reason in found if reason]


async def _ask(check: Ready) -> str | None:
    name = getattr(check, "__name__", "check")
    try:
        async with asyncio.timeout(_PATIENCE):
            return await check()
    except TimeoutError:
        return f"{name}: no answer in {_PATIENCE:g} s"
    except Exception as error:  # noqa: BLE001  whatever it is, this process is not ready
        return f"{name}: {type(error).__name__}"


def health_routes(ready: Sequence[Ready]) -> list[Route]:
    """`/health/live`, `/health/ready` and `/metrics`."""

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def is_ready(_request: Request) -> Response:
        if reasons := await reasons_against(ready):
            return problem(503, slug="not-ready", title="Not ready", extra={"reasons": reasons})
        return JSONResponse({"status": "ready"})

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [
        Route("/health/live", live),
        Route("/health/ready", is_ready),
        Route("/metrics", metrics),
    ]
