"""Place an order: the checkout."""

from orders.model.cart import Buyer, Cart, CartKey, Details
from orders.model.checkout import check
from orders.model.contact import Contact, CustomerForgotten, EmailMissing
from orders.model.ids import CustomerId, LineId, OrderId
from orders.model.placing import Placement, place
from orders.settings import Settings
from orders.store.carts import lock_cart
from orders.store.orders import write_placed
from orders.usecases.till import till_for
from wareflow_events.erasure import lock_subject
from wareflow_events.transaction import Transaction
from wareflow_kit.money import Money


async def place_order(
    tx: Transaction, *, key: CartKey, details: Details, expected: Money, settings: Settings
) -> OrderId:
    """Turn a cart into an order at the prices of now; stock and payment are decided later.

    `expected` is the total that the shopper was shown. Refusals: those of `checkout.check`,
    `CartClosed` (with the order that it became), `EmailMissing`, `CustomerForgotten`.
    """
    cart = await lock_cart(tx, key)
    cart.take(details)
    till = await till_for(tx, cart.channel, cart.variant_ids, settings=settings)
    quoted = cart.quote(till.shelf, till.terms)
    contact = _contact(cart)
    check(cart, quoted, contact, expected=expected, terms=settings.terms)
    buyer = await _buyer(tx, cart, signed_in=key.customer_id)
    terms = Placement(
        order_id=OrderId(tx.new_id()),
        buyer=buyer,
        livemode=settings.livemode,
        now=tx.now,
        reserve_within=settings.reserve_within,
        pay_within=settings.pay_within,
    )
    line_ids = [LineId(tx.new_id()) for _ in cart.items]
    placed = place(cart, quoted, contact, line_ids=line_ids, terms=terms)
    await write_placed(tx, placed)
    tx.publish(placed.told())
    tx.publish(placed.contact_given(contact))
    tx.publish(cart.turn_into(till, order_id=terms.order_id, buyer=buyer))
    return terms.order_id


def _contact(cart: Cart) -> Contact:
    if not cart.email:
        raise EmailMissing
    return Contact(cart.email, cart.shipping_address, cart.billing_address)


async def _buyer(tx: Transaction, cart: Cart, *, signed_in: CustomerId | None) -> Buyer:
    known = signed_in or cart.customer_id
    if known is None:
        return Buyer(CustomerId(tx.new_id()), guest=True)
    if await lock_subject(tx, known):
        raise CustomerForgotten
    return Buyer(known, guest=cart.guest and signed_in is None)
