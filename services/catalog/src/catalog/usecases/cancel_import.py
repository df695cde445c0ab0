"""End an import that nobody wants any more; what it has brought in stays."""

from uuid import UUID

from catalog.model.product_import import ProductImport
from catalog.store.imports import import_to_change
from wareflow_events.transaction import Transaction
from wareflow_kit.audit import record
from wareflow_kit.auth import Principal


async def cancel_import(tx: Transaction, *, import_id: UUID, who: Principal) -> ProductImport:
    """Cancel it, in whichever process it runs: its next batch finds it ended and is undone.

    `NoSuchImport` if there is none, `ImportEnded` when it is too late.
    """
    found = await import_to_change(tx.session, import_id)
    before = {"status": found.status}
    found.cancel(now=tx.now)
    after = {"status": found.status, "rows": found.rows_done}
    await record(
        tx,
        who=who,
        action="import.cancel",
        subject=f"import/{import_id}",
        before=before,
        after=after,
    )
    return found
