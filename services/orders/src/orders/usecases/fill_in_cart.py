"""Say what surrounds a cart's lines: contact, delivery, where the visit came from."""

from orders.model.cart import CartKey, Details, PricedCart
from orders.model.contact import CustomerForgotten
from orders.settings import Settings
from orders.store.carts import lock_cart
from orders.usecases.till import till_for
from wareflow_events.erasure import lock_subject
from wareflow_events.transaction import Transaction


async def fill_in_cart(
    tx: Transaction, *, key: CartKey, details: Details, settings: Settings
) -> PricedCart:
    """Change what is given, keep the rest. `UnknownShippingMethod`, `CartClosed`;
    `CustomerForgotten` when its customer was erased."""
    cart = await lock_cart(tx, key)
    if cart.customer_id is not None and await lock_subject(tx, cart.customer_id):
        raise CustomerForgotten
    till = await till_for(tx, cart.channel, cart.variant_ids, settings=settings)
    tx.publish(cart.fill_in(till, details))
    return cart.priced(till)
