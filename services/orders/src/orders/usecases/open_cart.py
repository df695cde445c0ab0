"""Open a cart."""

from orders.model.cart import Cart, PricedCart
from orders.model.contact import CustomerForgotten
from orders.model.ids import CartId, CustomerId
from orders.settings import Settings
from orders.usecases.till import till_for
from wareflow_events.erasure import lock_subject
from wareflow_events.schemas.shapes import Attribution
from wareflow_events.transaction import Transaction


async def open_cart(
    tx: Transaction,
    *,
    channel: str,
    token_hash: bytes,
    customer_id: CustomerId | None,
    locale: str | None,
    attribution: Attribution,
    metadata: dict[str, str],
    test: bool,
    settings: Settings,
) -> PricedCart:
    """A new cart, the customer's if one has signed in.

    `UnknownChannel`; `CustomerForgotten` for an account that was erased.
    """
    if customer_id is not None and await lock_subject(tx, customer_id):
        raise CustomerForgotten
    till = await till_for(tx, channel, [], settings=settings)
    cart, opened = Cart.open(
        till,
        id=CartId(tx.new_id()),
        token_hash=token_hash,
        locale=locale,
        customer_id=customer_id,
        attribution=attribution,
        metadata=metadata,
        test=test,
    )
    tx.session.add(cart)
    tx.publish(opened)
    return cart.priced(till)
