"""Carts locked for verbs."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, any_, bindparam, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from orders.model.cart import Cart, CartKey, CartNotFound, CartStatus
from orders.model.ids import CartId, CustomerId
from wareflow_events.transaction import Transaction

_ONE = select(Cart).where(Cart.id == bindparam("cart_id")).with_for_update()
_FORGOTTEN = {"email": None, "shipping_address": None, "billing_address": None}


async def lock_cart(tx: Transaction, key: CartKey) -> Cart:
    """The cart that the key opens; `CartNotFound` for any other, whether it exists or not."""
    cart = (await tx.session.execute(_ONE, {"cart_id": key.cart_id})).scalar_one_or_none()
    if cart is None or not cart.opens_to(key):
        raise CartNotFound
    key.check(cart)
    return cart


async def lock_carts(tx: Transaction, ids: Sequence[CartId]) -> list[Cart]:
    """Several carts, locked in the order of their ids."""
    wanted = literal(list(ids), ARRAY(Uuid))
    query = select(Cart).where(Cart.id == any_(wanted)).order_by(Cart.id).with_for_update()
    return await _all(tx, query)


async def lock_home_cart(tx: Transaction, *, customer_id: CustomerId, channel: str) -> Cart | None:
    """The open cart that a customer used last in a channel."""
    query = (
        select(Cart)
        .where(
            Cart.customer_id == customer_id,
            Cart.channel == channel,
            Cart.status == CartStatus.OPEN,
            ~Cart.guest,
        )
        .order_by(Cart.updated_at.desc())
        .limit(1)
        .with_for_update()
    )
    return (await tx.session.execute(query)).scalar_one_or_none()


async def lock_carts_of(tx: Transaction, customers: Sequence[CustomerId]) -> None:
    """Hold all carts of these customers, guests by their minted ids included."""
    theirs = Cart.customer_id == any_(literal(list(customers), ARRAY(Uuid)))
    query = select(Cart.id).where(theirs).order_by(Cart.id).with_for_update()
    _ = (await tx.session.execute(query)).all()


async def claim_expired(tx: Transaction, *, now: datetime, limit: int) -> list[Cart]:
    """Carts whose time is over, oldest first; those that somebody else has locked are left out."""
    query = (
        select(Cart)
        .where(Cart.expires_at <= now)
        .order_by(Cart.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return await _all(tx, query)


async def forget_contacts_of(tx: Transaction, customers: Sequence[CustomerId]) -> None:
    """Drop the personal data in all carts of these customers."""
    wanted = literal(list(customers), ARRAY(Uuid))
    statement = update(Cart).where(Cart.customer_id == any_(wanted)).values(_FORGOTTEN)
    _ = await tx.session.execute(statement, execution_options={"synchronize_session": False})


async def hand_over(
    tx: Transaction, *, guests: Sequence[CustomerId], customer_id: CustomerId
) -> None:
    """The carts of these guests are the customer's."""
    statement = (
        update(Cart)
        .where(Cart.customer_id == any_(literal(list(guests), ARRAY(Uuid))))
        .values(customer_id=customer_id, guest=False)
    )
    _ = await tx.session.execute(statement, execution_options={"synchronize_session": False})


async def _all(tx: Transaction, query: Select[Cart]) -> list[Cart]:
    # As they are now: an earlier event of the batch may have changed them behind the session's
    # back.
    found = await tx.session.execute(query, execution_options={"populate_existing": True})
    return list(found.scalars())
