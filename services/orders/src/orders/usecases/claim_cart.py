"""A customer who has signed in takes the cart they filled as a guest."""

from orders.model.cart import Cart, CartKey, PricedCart
from orders.model.contact import CustomerForgotten
from orders.model.ids import CustomerId
from orders.settings import Settings
from orders.store.carts import lock_cart, lock_home_cart
from orders.usecases.till import till_for
from wareflow_events.erasure import lock_subject
from wareflow_events.transaction import Transaction


async def claim_cart(
    tx: Transaction, *, key: CartKey, customer_id: CustomerId, settings: Settings
) -> PricedCart:
    """The customer's cart: this one, or the one they left open before, with this one's lines.

    `CartClosed`; `CustomerForgotten` for an account that was erased.
    """
    cart = await lock_cart(tx, key)
    cart.must_be_open()
    is_theirs = cart.customer_id == customer_id and not cart.guest
    home = None
    if not is_theirs:
        home = await lock_home_cart(tx, customer_id=customer_id, channel=cart.channel)
        if await lock_subject(tx, customer_id):  # carts before the id, as an erasure does it
            raise CustomerForgotten
    if home is not None:
        return await _merge(tx, cart, home, settings=settings)
    till = await till_for(tx, cart.channel, cart.variant_ids, settings=settings)
    if not is_theirs:
        tx.publish(cart.claim(till, customer_id))
    return cart.priced(till)


async def _merge(tx: Transaction, cart: Cart, home: Cart, *, settings: Settings) -> PricedCart:
    variants = [*home.variant_ids, *cart.variant_ids]
    till = await till_for(tx, home.channel, variants, settings=settings)
    tx.publish(home.absorb(till, cart))
    tx.publish(cart.end_in(till, home))
    return home.priced(till)
