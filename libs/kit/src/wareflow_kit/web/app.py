"""The shell of every service's HTTP API."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from wareflow_events.transaction import Transactions
from wareflow_kit.auth import Verifier
from wareflow_kit.ratelimit import RateLimit
from wareflow_kit.settings import ServiceSettings
from wareflow_kit.web.access import access_of, endpoints
from wareflow_kit.web.audit import audit_router
from wareflow_kit.web.context import RequestContext
from wareflow_kit.web.encodings import PlainBodies
from wareflow_kit.web.health import Ready, database_ready, health_routes
from wareflow_kit.web.kept import KeptAnswers
from wareflow_kit.web.limits import BodyLimit
from wareflow_kit.web.openapi import describe_problems, operation_ids, refuse_duplicates
from wareflow_kit.web.problems import handle_problems

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_SEEN_BY_BROWSERS = ["ETag", "Location", "Retry-After", "X-Request-Id", "Preference-Applied"]


def create_app(
    *,
    service: str,
    title: str,
    description: str,
    routers: Sequence[APIRouter],
    settings: ServiceSettings,
    transactions: Transactions,
    verifier: Verifier | None = None,
    lifespan: Lifespan | None = None,
    ready: Sequence[Ready] = (),
    tags: Sequence[Mapping[str, Any]] = (),
    larger_bodies: Mapping[str, int] | None = None,
    keep_answers: float = 0,
    version: str = "1",
) -> FastAPI:
    """An app with everything around `routers`, whose paths begin with `/<service>/v1/`.

    It opens transactions with `transactions`, believes `verifier` (default: the issuers that the
    settings trust), is ready when its database answers and each of `ready` gives no reason
    against it. `larger_bodies` maps path prefixes to bytes. Public answers are kept for
    `keep_answers` seconds, if any. The audit trail comes with it. What endpoints need besides is
    put on `app.state`.
    """
    app = FastAPI(
        title=title,
        description=description,
        version=version,
        openapi_url=f"/{service}/openapi.json",
        docs_url=f"/{service}/docs",
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        openapi_tags=[dict(tag) for tag in tags] or None,
        generate_unique_id_function=operation_ids(service),
        lifespan=lifespan,
        redirect_slashes=False,
    )
    _give(app, transactions, verifier or Verifier(settings.trusted_issuers))
    handle_problems(app)
    refuse_duplicates(routers)
    for router in (*routers, audit_router(service)):
        app.include_router(router)
    for endpoint in endpoints(app.routes):
        _ = access_of(endpoint)  # `Undeclared` stops the start
    app.router.routes.extend(health_routes([database_ready(transactions.engine), *ready]))
    describe_problems(app)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, most=settings.max_body_bytes, larger=larger_bodies or {})
    app.add_middleware(PlainBodies)
    if keep_answers:
        app.add_middleware(KeptAnswers, service=service, seconds=keep_answers)
    app.add_middleware(RequestContext, service=service)
    if settings.cors_origins:
        _let_browsers_in(app, settings.cors_origins)
    return app


def _give(app: FastAPI, transactions: Transactions, verifier: Verifier) -> None:
    """What the dependencies in `web.deps` and `web.limits` ask the app for."""
    app.state.transactions = transactions
    # Each statement by itself: no BEGIN and no ROLLBACK on the wire, nothing kept open.
    app.state.reading = transactions.engine.execution_options(isolation_level="AUTOCOMMIT")
    app.state.verifier = verifier
    app.state.rate_limits = dict[str, RateLimit]()


def _let_browsers_in(app: FastAPI, origins: Sequence[str]) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=_SEEN_BY_BROWSERS,
        max_age=600,
    )
