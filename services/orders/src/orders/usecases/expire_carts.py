"""End carts that nobody touched for long, and let old ordered ones forget their addresses."""

from orders.model.cart import CartStatus
from orders.settings import Settings
from orders.store.carts import claim_expired
from orders.usecases.till import tills_for
from wareflow_events.transaction import Transaction


async def expire_carts(tx: Transaction, *, limit: int, settings: Settings) -> int:
    """At most `limit` of those whose time is over; how many were done.

    A cart whose channel is not known, as while the copies are rebuilt, is left for later.
    """
    carts = await claim_expired(tx, now=tx.now, limit=limit)
    tills = await tills_for(tx, carts, settings=settings)
    done = [c for c in carts if c.status != CartStatus.OPEN or c.channel in tills]
    for cart in done:
        if cart.status == CartStatus.OPEN:
            tx.publish(cart.expire(tills[cart.channel]))
        else:
            cart.forget()
            cart.expires_at = None
    return len(done)
