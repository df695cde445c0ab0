"""List products anew whose price began or ended meanwhile, or whose category moved."""

from catalog.store.listings import due_listings, lock_products, refresh_listings
from wareflow_events.transaction import Transactions

_MOST = 200


async def relist_products(transactions: Transactions) -> bool:
    """Bring the next rows that are due up to date; True if there may be more."""
    async with transactions.begin() as tx:
        due = await due_listings(tx.session, now=tx.now, most=_MOST)
        if due:
            products = await lock_products(tx.session, due)
            await refresh_listings(tx.session, products, now=tx.now)
        return len(due) == _MOST
