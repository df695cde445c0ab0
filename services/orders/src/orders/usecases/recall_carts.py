"""Take back carts that a restored database has lost, and contact data, as far as it was told."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from orders.model.cart import Cart, CartStatus
from orders.model.contact import OrderContact
from orders.model.ids import CartId, CustomerId, LineId, OrderId, VariantId
from orders.model.order import Order
from orders.model.pricing import Item
from orders.settings import Settings
from orders.store.carts import lock_carts
from orders.store.recalled import locales, newest_orders, with_contact
from wareflow_events.erasure import lock_subject
from wareflow_events.handlers import Heard
from wareflow_events.schemas.orders import CartChanged, OrderContactGiven
from wareflow_events.transaction import Transaction

_TTL: timedelta = Settings.model_fields["cart_ttl"].default


async def recall_carts(tx: Transaction, told: Sequence[Heard[CartChanged]]) -> None:
    """Each becomes what was told of it last."""
    newest = {CartId(one.event.cart_id): one.event for one in told}
    known = {cart.id: cart for cart in await lock_carts(tx, list(newest))}
    orders = await newest_orders(tx, list(newest))
    by_channel = await locales(tx)
    for cart_id, event in newest.items():
        order = orders.get(cart_id)
        if (cart := known.get(cart_id)) is None:
            cart = _new(event, order.locale if order else by_channel.get(event.channel, "en"))
            tx.session.add(cart)
        _become(cart, event, order)


def _new(told: CartChanged, locale: str) -> Cart:
    """Its token is lost: only a customer who has claimed it gets at it again."""
    return Cart(
        id=CartId(told.cart_id),
        token_hash=secrets.token_bytes(32),
        channel=told.channel,
        locale=locale,
        guest=False,
        metadata_={},
        test=told.test,
        created_at=told.created_at,
    )


def _become(cart: Cart, told: CartChanged, order: Order | None) -> None:
    # Into which cart one was merged is not told; what counts is that it has ended.
    merged = told.status == CartStatus.MERGED
    cart.status = CartStatus.EXPIRED if merged else told.status
    cart.version, cart.updated_at = told.version, told.updated_at
    cart.customer_id = CustomerId(told.customer_id) if told.customer_id else None
    cart.guest = order.guest if order and order.customer_id == told.customer_id else False
    cart.order_id = OrderId(told.order_id) if told.order_id else None
    cart.merged_into = None
    cart.attribution = told.attribution
    cart.items = [
        Item(
            line_id=LineId(line.line_id),
            variant_id=VariantId(line.variant_id),
            quantity=line.quantity,
        )
        for line in told.lines
    ]
    keeps_something = cart.status in (CartStatus.OPEN, CartStatus.ORDERED)
    cart.expires_at = told.updated_at + _TTL if keeps_something else None
    if not keeps_something:
        cart.forget()


async def recall_contacts(tx: Transaction, told: Sequence[Heard[OrderContactGiven]]) -> None:
    """Whom to write to about recalled orders; of an erased person nothing is taken back."""
    known: set[UUID] = await with_contact(tx, [one.event.order_id for one in told])
    for event in (one.event for one in told):
        if event.order_id in known or await lock_subject(tx, event.customer_id):
            continue
        tx.session.add(
            OrderContact(
                order_id=event.order_id,
                customer_id=event.customer_id,
                email=event.contact.email,
                shipping_address=event.contact.shipping_address,
                billing_address=event.contact.billing_address,
            )
        )
