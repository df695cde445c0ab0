"""Who may follow an order, and how long they would like to wait for news of it."""

from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from orders.api.desk import Desk
from orders.model.ids import OrderId
from orders.model.order import OrderNotFound
from orders.model.states import Status
from orders.views.orders import OrderState, customer_of
from wareflow_kit.auth import Principal
from wareflow_kit.web.caching import etag_of
from wareflow_kit.web.deps import requires

Follower = Annotated[Principal, Depends(requires("orders:read", also=("customer", "order")))]
Steerer = Annotated[Principal, Depends(requires("orders:write", also=("customer", "order")))]
Writer = Annotated[Principal, Depends(requires("orders:write"))]

_NEED_THE_CALLER = (Status.AWAITING_PAYMENT, Status.CONFIRMED, Status.CANCELLED)


def needs_the_caller(state: OrderState) -> bool:
    """Whether it is the shopper's turn, or there is nothing more to come."""
    return state.status in _NEED_THE_CALLER


async def must_concern(session: AsyncSession, order_id: OrderId, who: Principal) -> None:
    """`OrderNotFound` for an order that is another's, as for one that does not exist."""
    if who.kind == "order" and who.order_id != order_id:
        raise OrderNotFound
    if who.kind == "customer" and await customer_of(session, order_id) != who.customer_id:
        raise OrderNotFound


async def wait_for_news(
    at_hand: Desk, request: Request, order_id: OrderId, *, timeout: float
) -> None:
    """Until the order is another than the caller has (`If-None-Match`), or, if they have none,
    until it is their turn."""
    known = request.headers.get("if-none-match")

    def is_news(state: OrderState) -> bool:
        return etag_of(order_id, state.version) not in known if known else needs_the_caller(state)

    _ = await at_hand.waiting.until(order_id, is_news, timeout=timeout)
