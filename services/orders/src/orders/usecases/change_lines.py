"""Put units into a cart, change how many, take them out."""

from orders.model.cart import CartKey, PricedCart
from orders.model.ids import LineId, VariantId
from orders.settings import Settings
from orders.store.carts import lock_cart
from orders.usecases.till import till_for
from wareflow_events.transaction import Transaction


async def add_line(
    tx: Transaction, *, key: CartKey, variant_id: VariantId, quantity: int, settings: Settings
) -> PricedCart:
    """More of a variant; a line of the same variant grows. `NotForSale`, `CartFull`,
    `TooManyUnits`, `CartClosed`."""
    cart = await lock_cart(tx, key)
    till = await till_for(tx, cart.channel, [*cart.variant_ids, variant_id], settings=settings)
    line_id = LineId(tx.new_id())
    tx.publish(cart.add(till, variant_id=variant_id, quantity=quantity, line_id=line_id))
    return cart.priced(till)


async def set_quantity(
    tx: Transaction, *, key: CartKey, line_id: LineId, quantity: int, settings: Settings
) -> PricedCart:
    """How many of a line, 0 to take it out. `LineNotFound`, `TooManyUnits`, `CartClosed`."""
    cart = await lock_cart(tx, key)
    till = await till_for(tx, cart.channel, cart.variant_ids, settings=settings)
    tx.publish(cart.set_quantity(till, line_id=line_id, quantity=quantity))
    return cart.priced(till)
