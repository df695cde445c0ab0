"""The till for carts in work: their channel's shelf with their variants on it."""

from collections.abc import Sequence

from orders.model.cart import Cart, Till
from orders.model.ids import VariantId
from orders.settings import Settings
from orders.views.shelf import shelf, shelves
from wareflow_events.transaction import Transaction


async def till_for(
    tx: Transaction, channel: str, variant_ids: Sequence[VariantId], *, settings: Settings
) -> Till:
    """What prices these variants in a channel now; `UnknownChannel` if there is none."""
    offered = await shelf(tx.session, channel, variant_ids, now=tx.now)
    return Till(offered, settings.terms, tx.now, settings.cart_ttl)


async def tills_for(
    tx: Transaction, carts: Sequence[Cart], *, settings: Settings
) -> dict[str, Till]:
    """A till for each channel of these carts; none for one that is not known just now."""
    variants = [variant_id for cart in carts for variant_id in cart.variant_ids]
    known = await shelves(tx.session, [cart.channel for cart in carts], variants, now=tx.now)
    return {
        channel: Till(offered, settings.terms, tx.now, settings.cart_ttl)
        for channel, offered in known.items()
    }
