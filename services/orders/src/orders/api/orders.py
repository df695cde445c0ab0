"""Orders: follow one, find one, steer one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime

from orders.api.desk import AtHand, customer_of, lookup
from orders.api.following import Follower, Steerer, Writer, must_concern, wait_for_news
from orders.api.order_shapes import (
    Fulfilment,
    Lookup,
    OrderEventList,
    OrderEventOut,
    OrderOut,
    OrderPatch,
    OrderSummary,
)
from orders.api.shapes import Email, Filled
from orders.model.decisions import NotConfirmed, OrderClosed
from orders.model.ids import CustomerId, OrderId
from orders.model.order import OrderNotFound
from orders.model.states import FulfilmentStatus, PaymentStatus, Status
from orders.usecases.describe_order import describe_order
from orders.usecases.steer_order import cancel_order, fulfil_order
from orders.views.orders import (
    OrderFilter,
    events_of,
    order_details,
    order_of_guest,
    orders_page,
)
from wareflow_kit.auth import Principal
from wareflow_kit.web.access import ANYBODY
from wareflow_kit.web.caching import NOT_MODIFIED, label
from wareflow_kit.web.deps import Read, Tx, customer_or_staff
from wareflow_kit.web.limits import take
from wareflow_kit.web.paging import After, Limit, Page, decode_cursor, page
from wareflow_kit.web.prefer import PreferWait
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/orders/v1/orders", tags=["orders"])


async def filters(
    who: Annotated[Principal, Depends(customer_or_staff("orders:read"))],
    *,
    status: Status | None = None,
    payment_status: PaymentStatus | None = None,
    fulfilment_status: FulfilmentStatus | None = None,
    number: Filled | None = None,
    email: Email | None = None,
    customer_id: UUID | None = None,
    placed_from: Annotated[AwareDatetime | None, Query(description="Placed then or later")] = None,
    placed_to: Annotated[AwareDatetime | None, Query(description="Placed before")] = None,
    test: bool | None = None,
) -> OrderFilter:
    """Which orders to list. A customer lists their own, whatever else they ask for."""
    asked = CustomerId(customer_id) if customer_id else None
    return OrderFilter(
        status=status,
        payment_status=payment_status,
        fulfilment_status=fulfilment_status,
        number=number,
        email=email,
        customer_id=customer_of(who) or asked,
        placed_from=placed_from,
        placed_to=placed_to,
        test=test,
    )


@router.get("")
async def list_orders(
    wanted: Annotated[OrderFilter, Depends(filters)],
    session: Read,
    limit: Limit = 50,
    after: After = None,
) -> Page[OrderSummary]:
    """The staff's list with filters, or a customer's own orders; the newest first."""
    last: UUID | None = decode_cursor(after, UUID)[0] if after else None
    found = await orders_page(session, wanted, after=last, limit=limit + 1)
    return page(found, limit=limit, render=OrderSummary.of, key=lambda order: (order.id,))


@router.post(
    "/lookup",
    dependencies=[Depends(ANYBODY), Depends(lookup)],
    responses=refusals(OrderNotFound),
)
async def look_up_order(
    body: Lookup, session: Read, at_hand: AtHand, request: Request, response: Response
) -> OrderOut:
    """A guest's order by its number and e-mail address, without the contact data.

    A number that does not exist and an address that does not match give the same answer.
    """
    times = at_hand.settings.lookups_of_an_order_per_hour
    _ = take(request, "lookups-of-an-order", body.number.upper(), times=times, per=3600)
    found = await order_of_guest(session, number=body.number, email=body.email)
    response.headers["Cache-Control"] = "no-store"
    return OrderOut.whole(found.order, None)


@router.get("/{order_id}", responses=refusals(OrderNotFound) | NOT_MODIFIED)
async def get_order(
    order_id: UUID,
    who: Follower,
    session: Read,
    wait: PreferWait,
    at_hand: AtHand,
    request: Request,
    response: Response,
) -> OrderOut:
    """One order. With `Prefer: wait=` it waits until it is the shopper's turn; with
    `If-None-Match` besides, until there is anything new."""
    await must_concern(session, OrderId(order_id), who)
    await wait_for_news(at_hand, request, OrderId(order_id), timeout=wait)
    found = await order_details(session, OrderId(order_id))
    label(request, response, found.order.id, found.order.version)
    return OrderOut.whole(found.order, found.contact)


@router.get("/{order_id}/events", responses=refusals(OrderNotFound))
async def list_order_events(
    order_id: UUID,
    who: Follower,
    session: Read,
    limit: Limit = 50,
    after: Annotated[int, Query(ge=0, le=2**31, description="`seq` of the last one you know")] = 0,
) -> OrderEventList:
    """What happened to an order, numbered without gaps."""
    await must_concern(session, OrderId(order_id), who)
    found = await events_of(session, OrderId(order_id), after=after, limit=limit)
    if not found and after == 0:
        raise OrderNotFound
    return OrderEventList(items=[OrderEventOut.model_validate(event) for event in found])


@router.post("/{order_id}/cancel", responses=refusals(OrderNotFound, OrderClosed))
async def cancel(order_id: UUID, who: Steerer, tx: Tx) -> OrderOut:
    """End an order that is not fulfilled.

    Where money may be on its way it is *closing* until the gateway has answered; what was
    captured goes back.
    """
    await must_concern(tx.session, OrderId(order_id), who)
    order = await cancel_order(tx, order_id=OrderId(order_id), who=who)
    return OrderOut.whole(order, None)


@router.post("/{order_id}/fulfil", responses=refusals(OrderNotFound, NotConfirmed, OrderClosed))
async def fulfil(order_id: UUID, body: Fulfilment, who: Writer, tx: Tx) -> OrderOut:
    """Say that everything was handed to the carrier."""
    order = await fulfil_order(
        tx,
        order_id=OrderId(order_id),
        carrier=body.carrier,
        tracking_number=body.tracking_number,
        who=who,
    )
    return OrderOut.whole(order, None)


@router.patch("/{order_id}", responses=refusals(OrderNotFound))
async def change_order(order_id: UUID, body: OrderPatch, who: Writer, tx: Tx) -> OrderOut:
    """Replace the metadata."""
    order = await describe_order(tx, order_id=OrderId(order_id), metadata=body.metadata, who=who)
    return OrderOut.whole(order, None)
