"""Book a movement that staff made: the level, the ledger, the audit row, and the fact told."""

from inventory.model.ids import DocumentId
from inventory.model.movement import Cause, Entry
from inventory.model.stock import VariantStock
from inventory.store import ledger, stocks
from wareflow_events.failpoints import failpoint
from wareflow_events.transaction import Transaction
from wareflow_kit.audit import record
from wareflow_kit.auth import Principal

_NOT_COMMITTED = failpoint("stock.booked_not_committed")


async def book(
    tx: Transaction, stock: VariantStock, entry: Entry, *, reference: str | None, who: Principal
) -> DocumentId:
    """Write what changed a variant's stock, once; the document that it is kept under.

    Tells `StockChanged`, unless nothing changed: a count may say that all was right.
    """
    document_id = DocumentId(tx.new_id())
    cause = Cause(document_id, who.subject, reference)
    await stocks.save(tx.session, [stock])
    await ledger.append(tx.session, [(cause, entry)], at=tx.now)
    await record(
        tx,
        who=who,
        action=f"stock.{entry.reason}",
        subject=f"variant/{entry.variant_id}",
        before={"on_hand": entry.on_hand_after - entry.quantity},
        after={
            "on_hand": entry.on_hand_after,
            "location_id": str(entry.location_id),
            "reference": reference,
        },
    )
    if stock.is_changed:
        tx.publish(stock.changed())
    _NOT_COMMITTED.reach(document_id)
    return document_id
