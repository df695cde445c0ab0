"""The front door: every request's way from its key and its parameters to an answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from wareflow_sandbox.api.answers import Answer, answer_of
from wareflow_sandbox.api.calling import Caller
from wareflow_sandbox.api.faulty import with_fault
from wareflow_sandbox.api.form import nested, pairs_of
from wareflow_sandbox.api.keys import in_browser, refuse_browser
from wareflow_sandbox.api.params import parsed
from wareflow_sandbox.api.routes import Arrival, Asked, Command, Question
from wareflow_sandbox.api.unforeseen import unforeseen
from wareflow_sandbox.model.errors import (
    BadParameter,
    Broken,
    StripeError,
    TooLarge,
)
from wareflow_sandbox.model.faults import FaultBook
from wareflow_sandbox.model.ids import request_id
from wareflow_sandbox.settings import Settings
from wareflow_sandbox.views.expand import expansions

MAX_BODY = 256 * 1024

Endpoint = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Door:
    """Makes endpoints of what is declared; one per app."""

    caller: Caller
    settings: Settings
    faults: FaultBook

    def question(self, question: Question[Any]) -> Endpoint:
        """The endpoint of a question."""

        async def endpoint(request: Request) -> Response:
            return await self._enter(request, lambda came: self._ask(came, question))

        return endpoint

    def command(self, command: Command[Any]) -> Endpoint:
        """The endpoint of a command."""

        async def endpoint(request: Request) -> Response:
            return await self._enter(request, lambda came: self.caller.call(came, command))

        return endpoint

    async def _enter(
        self, request: Request, go_on: Callable[[Arrival], Awaitable[Answer]]
    ) -> Response:
        name = request_id()
        browser = False
        try:
            pairs = await _pairs(request)
            browser = in_browser(request.headers.get("authorization"), pairs, self.settings)
            came = Arrival(
                request=request,
                id=name,
                pairs=[pair for pair in pairs if pair[0] != "key"],
                browser=browser,
                fault=self.faults.draw(request.method, stripe_path(request)),
            )
            answer = await with_fault(came.fault, request, lambda: go_on(came))
        except StripeError as error:
            answer = Answer.error(error, browser=browser)
        except Exception as error:
            log.exception("sandbox.fault", path=request.url.path)
            answer = Answer.error(unforeseen(error, name))
        return answer.response(request, name)

    async def _ask(self, came: Arrival, question: Question[Any]) -> Answer:
        if not question.browser:
            refuse_browser(browser=came.browser)
        if came.breaks:
            raise Broken(came.id, kept=False)
        params = parsed(question.params, nested(came.pairs))
        tree = expansions(question.of, params.expand, in_list=question.lists)
        async with AsyncSession(self.caller.reading) as session:
            asked = Asked(session=session, path=came.request.path_params, browser=came.browser)
            result = await question.run(asked, params)
            return await answer_of(result, session=session, tree=tree, came=came, of=question.of)


def stripe_path(request: Request) -> str:
    """The path as Stripe has it, such as `/v1/refunds`."""
    return request.url.path.removeprefix("/sandbox")


async def _pairs(request: Request) -> list[tuple[str, str]]:
    if request.method != "POST":
        return pairs_of(request.scope["query_string"])
    if request.headers.get("content-type", "").startswith("application/json"):
        raise BadParameter(
            "Invalid request (check that your POST content type is"
            " application/x-www-form-urlencoded). If you have questions, we can help at"
            " https://support.stripe.com/."
        )
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge(f"The request is larger than {MAX_BODY} bytes.")
    return pairs_of(bytes(body))
