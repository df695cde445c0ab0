"""The app: Stripe's endpoints, the 3-D Secure page, the faults, and health."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from wareflow_kit.web.context import NamedRoute, RequestContext
from wareflow_kit.web.health import database_ready, health_routes
from wareflow_sandbox.api import (
    balance_transactions,
    charges,
    events,
    payment_intents,
    payment_methods,
    refunds,
    webhook_endpoints,
)
from wareflow_sandbox.api.answers import Answer
from wareflow_sandbox.api.calling import Caller
from wareflow_sandbox.api.config import config_router
from wareflow_sandbox.api.door import Door, stripe_path
from wareflow_sandbox.api.three_d_secure import three_d_secure_routes
from wareflow_sandbox.model.errors import BadParameter, NoSuchAddress, StripeError
from wareflow_sandbox.model.faults import FaultBook
from wareflow_sandbox.model.ids import request_id

_QUESTIONS = (
    *payment_intents.QUESTIONS,
    *payment_methods.QUESTIONS,
    *charges.QUESTIONS,
    *refunds.QUESTIONS,
    *balance_transactions.QUESTIONS,
    *events.QUESTIONS,
    *webhook_endpoints.QUESTIONS,
)
_COMMANDS = (
    *payment_intents.COMMANDS,
    *payment_methods.COMMANDS,
    *refunds.COMMANDS,
    *webhook_endpoints.COMMANDS,
)

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(caller: Caller, faults: FaultBook, lifespan: Lifespan) -> FastAPI:
    """Everything under `/sandbox`, and `/health/*` and `/metrics`."""
    app = FastAPI(
        title="Wareflow sandbox",
        description="What is not Stripe's: faults on request. The rest is as on docs.stripe.com.",
        openapi_url="/sandbox/openapi.json",
        docs_url="/sandbox/docs",
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.include_router(config_router(caller.settings, faults, caller.weather))
    app.router.routes.extend(_stripe_routes(Door(caller, caller.settings, faults)))
    app.router.routes.extend(three_d_secure_routes(caller))
    app.router.routes.extend(health_routes([database_ready(caller.engine)]))
    _answer_errors(app)
    # As with api.stripe.com, any page may call; the keys decide.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["Request-Id", "Idempotent-Replayed", "Stripe-Should-Retry"],
        max_age=600,
    )
    app.add_middleware(RequestContext, service="sandbox")
    return app


def _stripe_routes(door: Door) -> list[NamedRoute]:
    questions = [
        NamedRoute(f"/sandbox{each.path}", door.question(each), methods=["GET"])
        for each in _QUESTIONS
    ]
    commands = [
        NamedRoute(f"/sandbox{each.path}", door.command(each), methods=[each.method])
        for each in _COMMANDS
    ]
    return [*questions, *commands]


def _answer_errors(app: FastAPI) -> None:
    """Whatever is refused outside of Stripe's endpoints is refused in Stripe's shape too."""

    async def refused(request: Request, error: Exception) -> Response:
        return _shaped(error, request).response(request, request_id())

    for kind in (StripeError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, refused)


def _shaped(error: Exception, request: Request) -> Answer:
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"][1:])
        return Answer.error(BadParameter(f"{where}: {first['msg']}", param=where))
    if isinstance(error, HTTPException):
        address = f"{request.method}: {stripe_path(request)}"
        message = (
            f"Unrecognized request URL ({address}). The sandbox has only what its README lists."
        )
        return Answer.error(NoSuchAddress(message))
    assert isinstance(error, StripeError)
    return Answer.error(error)
