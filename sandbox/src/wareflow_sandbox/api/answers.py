"""Answers in Stripe's form: JSON, the request's id, and what the client should know of retries."""

from dataclasses import dataclass

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from wareflow_sandbox.api.routes import Arrival, Many, Result
from wareflow_sandbox.model.base import Rendered, Resource, as_rendered
from wareflow_sandbox.model.errors import StripeError
from wareflow_sandbox.model.event import API_VERSION
from wareflow_sandbox.model.payment_intent import PaymentIntent, public_part
from wareflow_sandbox.store.idempotency import Kept
from wareflow_sandbox.store.idempotency import Request as Identity
from wareflow_sandbox.views.expand import Tree, expand
from wareflow_sandbox.views.read import listed


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body, as kept under an idempotency key."""

    status: int
    body: bytes
    should_retry: bool | None = None
    replay_of: str | None = None
    """The request whose kept answer this is."""

    @classmethod
    def error(cls, error: StripeError, *, browser: bool = False) -> "Answer":
        """The error, with its status; a browser sees less of the intent in it."""
        body = error.rendered()
        inner = as_rendered(body["error"])
        if browser and "payment_intent" in inner:
            inner["payment_intent"] = public_part(as_rendered(inner["payment_intent"]))
        return cls(error.status, orjson.dumps(body), error.should_retry)

    @classmethod
    def replay(cls, kept: Kept) -> "Answer":
        """The answer that a key kept."""
        retry = False if kept.status >= 500 else None
        return cls(kept.status, kept.body, retry, replay_of=kept.request_id)

    def kept(self, identity: Identity | None, request_id: str) -> Kept | None:
        """What the request's key keeps of it, if there is a key."""
        return None if identity is None else Kept(identity, self.status, self.body, request_id)

    def response(self, request: Request, request_id: str) -> Response:
        """As HTTP."""
        headers = {"Request-Id": request_id, "Stripe-Version": API_VERSION}
        if key := request.headers.get("idempotency-key"):
            headers["Idempotency-Key"] = key
        if self.replay_of is not None:
            headers["Idempotent-Replayed"] = "true"
            headers["Original-Request"] = self.replay_of
        if self.should_retry is not None:
            headers["Stripe-Should-Retry"] = str(self.should_retry).lower()
        return Response(self.body, self.status, headers, "application/json")


async def answer_of(
    result: Result, *, session: AsyncSession, tree: Tree, came: Arrival, of: type[Resource]
) -> Answer:
    """What an endpoint made, as the caller may see it, expanded as asked for."""
    if isinstance(result, StripeError):
        return Answer.error(result, browser=came.browser)
    if isinstance(result, Many):
        url = came.request.url.path.removeprefix("/sandbox")
        await expand(session, of, result.objects, tree)
        return _ok(listed(result.objects, more=result.more, url=url))
    rendered = result.rendered() if isinstance(result, Resource) else result
    await expand(session, of, [rendered], tree)
    if came.browser and isinstance(result, PaymentIntent):
        rendered = public_part(rendered)
    return _ok(rendered)


def _ok(body: Rendered) -> Answer:
    return Answer(200, orjson.dumps(body))
