"""Tell products anew that name something which has changed: a category's slug."""

from catalog.store.products import products_to_change
from catalog.store.retelling import take_retellings
from catalog.usecases.tell import tell
from wareflow_events.transaction import Transactions

_MOST = 100


async def retell_products(transactions: Transactions) -> bool:
    """Publish the next products in the queue; True if there may be more."""
    async with transactions.begin() as tx:
        ids = await take_retellings(tx.session, most=_MOST)
        if ids:
            products = await products_to_change(tx.session, ids, now=tx.now)
            await tell(tx, [(product, product.retell(now=tx.now)) for product in products])
        return len(ids) == _MOST
