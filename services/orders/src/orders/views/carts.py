"""Carts as they are shown."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orders.model.cart import Cart, CartKey, CartNotFound, CartStatus, PricedCart
from orders.model.ids import CustomerId
from orders.settings import Terms
from orders.views.shelf import shelf, shelves


async def priced_cart(
    session: AsyncSession, key: CartKey, *, terms: Terms, now: datetime
) -> PricedCart:
    """The cart that the key opens, at the prices of now; `CartNotFound` for any other."""
    cart = await opened_cart(session, key)
    offered = await shelf(session, cart.channel, cart.variant_ids, now=now)
    return PricedCart(cart, cart.quote(offered, terms))


async def opened_cart(session: AsyncSession, key: CartKey) -> Cart:
    """The cart that the key opens, without prices; `CartNotFound` for any other."""
    query = select(Cart).where(Cart.id == key.cart_id)
    cart = (await session.execute(query)).scalar_one_or_none()
    if cart is None or not cart.opens_to(key):
        raise CartNotFound
    return cart


async def open_carts_of(
    session: AsyncSession, customer_id: CustomerId, *, terms: Terms, now: datetime
) -> list[PricedCart]:
    """A customer's open carts (the 20 used last), the newest first."""
    query = (
        select(Cart)
        .where(
            Cart.customer_id == customer_id, Cart.status == CartStatus.OPEN, Cart.guest.is_(False)
        )
        .order_by(Cart.updated_at.desc())
        .limit(20)
    )
    carts = list((await session.execute(query)).scalars())
    variants = [variant_id for cart in carts for variant_id in cart.variant_ids]
    offered = await shelves(session, [cart.channel for cart in carts], variants, now=now)
    return [
        PricedCart(cart, cart.quote(offered[cart.channel], terms))
        for cart in carts
        if cart.channel in offered
    ]
