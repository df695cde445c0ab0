"""Keep inventory's word on stock, and list products by it."""

from collections.abc import Sequence

from catalog.store.listings import lock_products, refresh_listings
from catalog.store.stock import keep_levels
from wareflow_events.handlers import Heard
from wareflow_events.schemas.inventory import StockChanged
from wareflow_events.transaction import Transaction


async def keep_stock(tx: Transaction, heard: Sequence[Heard[StockChanged]]) -> None:
    """Take over the last word on each variant; products that sold out or came back are relisted.

    A product that is being changed just now is waited for, so that neither writes over the other.
    """
    latest = {one.event.variant_id: one for one in heard}
    turned = await keep_levels(tx.session, list(latest.values()))
    if turned and (products := await lock_products(tx.session, turned)):
        await refresh_listings(tx.session, products, now=tx.now)
