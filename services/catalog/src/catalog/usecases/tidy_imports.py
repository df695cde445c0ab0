"""End imports that lost their process, and forget the reports of old ones."""

from catalog.store.imports import fail_lost_imports, forget_old_imports
from wareflow_events.transaction import Transactions


async def tidy_imports(transactions: Transactions) -> bool:
    """Do both, for all imports; there is never more to do at once."""
    async with transactions.begin() as tx:
        await fail_lost_imports(tx.session, now=tx.now)
        await forget_old_imports(tx.session, now=tx.now)
    return False
