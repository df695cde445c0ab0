"""The checkout: commits the order by itself, then waits for what becomes of it."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from orders.api.desk import AtHand, Desk, WriterKey, public_write
from orders.api.following import needs_the_caller
from orders.api.order_shapes import Checkout, PlacedOrder
from orders.model.cart import CartClosed, CartNotFound
from orders.model.checkout import (
    AboveMaximum,
    BelowMinimum,
    CartEmpty,
    ChannelClosed,
    CountryNotServed,
    LinesNotForSale,
    TotalChanged,
)
from orders.model.contact import AddressMissing, CustomerForgotten, EmailMissing
from orders.model.ids import OrderId
from orders.model.shipping import NoShippingMethod, UnknownShippingMethod
from orders.usecases.place_order import place_order
from orders.views.carts import opened_cart
from orders.views.orders import order_details
from wareflow_events.failpoints import failpoint
from wareflow_kit.refusals import PreconditionFailed
from wareflow_kit.web.idempotency import IdempotencyKeyReused, IdempotencyKeyWanted, Once
from wareflow_kit.web.prefer import PreferWait
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/orders/v1/carts", tags=["checkout"])

_NOT_COMMITTED = failpoint("checkout.placed_not_committed")
_NOT_WAITED = failpoint("checkout.committed_not_waited")
_NOT_ANSWERED = failpoint("checkout.waited_not_answered")

_REFUSALS = refusals(
    *(IdempotencyKeyWanted, IdempotencyKeyReused, CartNotFound, CartClosed, PreconditionFailed),
    *(CartEmpty, ChannelClosed, LinesNotForSale, EmailMissing, AddressMissing, CountryNotServed),
    *(NoShippingMethod, UnknownShippingMethod, TotalChanged, BelowMinimum, AboveMaximum),
    CustomerForgotten,
)


@router.post(
    "/{cart_id}/checkout",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[Depends(public_write)],
    responses=_REFUSALS,
)
async def checkout_cart(
    key: WriterKey,
    body: Checkout,
    once: Once,
    wait: PreferWait,
    at_hand: AtHand,
    response: Response,
) -> PlacedOrder:
    """Order what is in the cart, at the total that was shown.

    The order is placed when this answers; whether stock suffices is decided right after. With
    `Prefer: wait=5` the answer waits until payment is due, or the order has ended.
    """

    async def make() -> UUID:
        return await place_order(
            tx,
            key=key,
            details=body.details(),
            expected=body.expected_total.money(),
            settings=at_hand.settings,
        )

    # Not by the `Tx` dependency: the commit must come before the waiting, not after it.
    async with at_hand.transactions.begin() as tx:
        order_id = OrderId(await once(tx, make, who=f"cart {key.cart_id}"))
        if once.replayed:  # then nobody has looked at the key yet
            _ = await opened_cart(tx.session, key)
        _NOT_COMMITTED.reach(order_id)
    _NOT_WAITED.reach(order_id)
    _ = await at_hand.waiting.until(order_id, needs_the_caller, timeout=wait)
    _NOT_ANSWERED.reach(order_id)
    response.headers["Location"] = f"/orders/v1/orders/{order_id}"
    response.headers["Cache-Control"] = "no-store"
    return await _answer(at_hand, order_id)


async def _answer(at_hand: Desk, order_id: OrderId) -> PlacedOrder:
    async with AsyncSession(at_hand.reading, expire_on_commit=False) as session:
        found = await order_details(session, order_id)
    return PlacedOrder.whole(found.order, found.contact, order_token=at_hand.order_token(order_id))
