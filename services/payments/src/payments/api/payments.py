"""`/payments/v1/payments`: what a customer needs to pay, and what staff wants to see."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from payments.api.shapes import PaymentShown, shown
from payments.model import Payment
from payments.model.payment import Status, UnknownPayment
from payments.settings import Settings
from payments.views.payments import list_payments, payments_of
from wareflow_kit.auth import Principal
from wareflow_kit.waiting import Waiting
from wareflow_kit.web.deps import Read, requires
from wareflow_kit.web.paging import After, Limit, Page, decode_cursor, page
from wareflow_kit.web.prefer import PreferWait
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/payments/v1/payments", tags=["payments"])

Payer = Annotated[Principal, Depends(requires("payments:read", also=("order", "customer")))]


class PaymentOfOrder(PaymentShown):
    """A payment, with what a browser needs to pay it, while that is possible."""

    client_secret: str | None = Field(
        description="Confirms this one intent at the gateway; only while the payment is open"
    )
    publishable_key: str | None = Field(examples=["pk_test_sandbox"])
    gateway_url: str | None = Field(description="Where the gateway's API is for the browser")


@router.get("/{order_id}", summary="The payment of an order", responses=refusals(UnknownPayment))
async def get_payment(
    order_id: UUID, who: Payer, wait: PreferWait, request: Request, response: Response
) -> PaymentOfOrder:
    """With the order's own token, its customer's, or staff's with `payments:read`.

    `Prefer: wait=5` waits until the payment can be paid or is decided, also when the order has
    not been heard of here yet; without it, or when the time is up, that is a 404 with
    `Retry-After`.
    """
    if who.kind == "order" and who.order_id != order_id:
        raise UnknownPayment
    payment = await _payment_of(request, order_id, wait)
    if payment is None:
        raise UnknownPayment(retry_after=1)
    if who.kind == "customer" and payment.customer_id != who.customer_id:
        raise UnknownPayment
    response.headers["Cache-Control"] = "no-store"
    return _with_secret(payment, request.app.state.settings)


@router.get("", summary="Payments, newest first", dependencies=[Depends(requires("payments:read"))])
async def list_all_payments(
    session: Read,
    status: Annotated[Status | None, Query(description="Only those that stand there")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[PaymentShown]:
    """Of all orders, by key."""
    before = decode_cursor(after, UUID)[0] if after else None
    rows = await list_payments(session, status=status, before=before, limit=limit)
    return page(rows, limit=limit, render=shown, key=lambda row: (row.id,))


async def _payment_of(request: Request, order_id: UUID, wait: float) -> Payment | None:
    waiting: Waiting[Payment] = request.app.state.waiting
    payment = await waiting.until(order_id, _worth_an_answer, timeout=wait)
    if payment is None:
        payment = (await payments_of(request.app.state.reading, [order_id])).get(order_id)
    return payment


def _worth_an_answer(payment: Payment) -> bool:
    return payment.status not in (Status.DUE, Status.CLOSING)


def _with_secret(payment: Payment, settings: Settings) -> PaymentOfOrder:
    is_open = payment.status is Status.OPEN
    return PaymentOfOrder(
        **shown(payment).model_dump(),
        client_secret=payment.client_secret if is_open else None,
        publishable_key=settings.gateway_publishable_key if is_open else None,
        gateway_url=settings.browser_url if is_open else None,
    )
