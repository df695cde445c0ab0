"""`/sandbox/3ds/{intent}`: the page on which a customer answers the bank's question."""

from collections.abc import Callable
from html import escape
from urllib.parse import urlencode, urlsplit, urlunsplit

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from wareflow_kit.web.context import NamedRoute
from wareflow_sandbox.api.calling import Caller
from wareflow_sandbox.model.currency import shown
from wareflow_sandbox.model.errors import StripeError
from wareflow_sandbox.model.payment_intent import PaymentIntent
from wareflow_sandbox.store.locks import locked_intent
from wareflow_sandbox.usecases.authenticate_payment import authenticate_payment
from wareflow_sandbox.views.read import find

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sandbox bank</title>
<style>body{{font:1rem/1.5 system-ui;max-width:24rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1rem;margin-right:.5rem}}form{{display:inline}}</style>
<h1>Sandbox bank</h1>
{body}
</html>"""

_QUESTION = """<p>Is it you who pays <strong>{amount}</strong>?</p>
<form method="post" action="{intent}/approve"><button>Approve</button></form>
<form method="post" action="{intent}/decline"><button>Decline</button></form>"""


def three_d_secure_routes(caller: Caller) -> list[NamedRoute]:
    """The page, and its two buttons. No key is asked for: who has the address may answer."""

    async def ask(request: Request) -> Response:
        async with AsyncSession(caller.reading) as session:
            try:
                intent = await find(session, PaymentIntent, request.path_params["id"])
            except StripeError as error:
                return _says(error.message, status=error.status)
        if intent.status != "requires_action":
            return _says(f"This payment is {intent.status.replace('_', ' ')}.")
        amount = f"{shown(intent.amount, intent.currency)} {intent.currency.upper()}"
        return _html(_QUESTION.format(amount=escape(amount), intent=escape(intent.id)))

    return [
        NamedRoute("/sandbox/3ds/{id}", ask, methods=["GET"]),
        NamedRoute("/sandbox/3ds/{id}/approve", _button(caller, approved=True), methods=["POST"]),
        NamedRoute("/sandbox/3ds/{id}/decline", _button(caller, approved=False), methods=["POST"]),
    ]


def _button(caller: Caller, *, approved: bool) -> Callable[[Request], object]:
    async def answer(request: Request) -> Response:
        session = AsyncSession(caller.engine, expire_on_commit=False, autoflush=False)
        try:
            async with session, session.begin():
                work = caller.work(session)
                intent = await locked_intent(work, request.path_params["id"])
                await authenticate_payment(work, intent=intent, approved=approved)
                _ = await work.write()
        except StripeError as error:
            return _says(error.message, status=error.status)
        caller.told.ring()
        if intent.return_url is None:
            return _says(f"This payment is {intent.status.replace('_', ' ')}.")
        return RedirectResponse(_way_back(intent, intent.return_url), status_code=303)

    return answer


def _way_back(intent: PaymentIntent, return_url: str) -> str:
    """The shop's page, told as Stripe tells it."""
    parts = urlsplit(return_url)
    told = urlencode(
        {
            "payment_intent": intent.id,
            "payment_intent_client_secret": intent.client_secret,
            "redirect_status": "failed" if intent.last_payment_error else "succeeded",
        }
    )
    return urlunsplit(parts._replace(query=f"{parts.query}&{told}".lstrip("&")))


def _says(text: str, *, status: int = 200) -> Response:
    return _html(f"<p>{escape(text)}</p>", status=status)


def _html(body: str, *, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "frame-ancestors 'self'"}
    return HTMLResponse(_PAGE.format(body=body), status, headers)
