"""Open stock: quantities that were there when the shop began to count, a list at a time."""

from collections.abc import Sequence

from inventory.model.ids import DocumentId, Sku, VariantId
from inventory.model.movement import Cause, Entry, Reason
from inventory.model.opening import Opened, Opening, OpeningRow, Outcome, Skip, result, sort_out
from inventory.model.stock import VariantStock
from inventory.store import items, ledger, locations, stocks
from wareflow_events.transaction import Transaction
from wareflow_kit.audit import record
from wareflow_kit.auth import Principal


async def open_stock(
    tx: Transaction, *, rows: Sequence[OpeningRow], reference: str | None = None, who: Principal
) -> DocumentId:
    """Apply the rows that can be; the opening, which says of each row what became of it.

    A row counts only for a variant without movements, so that importing again changes nothing.
    """
    outcomes = await _sort_out(tx, rows)
    found = await stocks.lock_or_open(
        tx.session, [one.variant_id for one in outcomes if isinstance(one, Opened)]
    )
    old = await ledger.with_history(tx.session, found)
    outcomes = [_unless_old(one, old) for one in outcomes]
    opening_id = DocumentId(tx.new_id())
    entries = [_put(one, found[one.variant_id]) for one in outcomes if isinstance(one, Opened)]
    changed = [stock for stock in found.values() if stock.is_changed]
    cause = Cause(opening_id, who.subject, reference)
    await stocks.save(tx.session, changed)
    await ledger.append(tx.session, [(cause, entry) for entry in entries], at=tx.now)
    results = [result(row, one) for row, one in zip(rows, outcomes, strict=True)]
    opening = Opening(
        id=opening_id, reference=reference, actor=who.subject, at=tx.now, results=results
    )
    tx.session.add(opening)
    await tx.session.flush()
    await _note(tx, opening, applied=len(entries), who=who)
    for stock in changed:
        tx.publish(stock.changed())
    return opening_id


async def _sort_out(tx: Transaction, rows: Sequence[OpeningRow]) -> list[Outcome]:
    skus = [Sku(row.which) for row in rows if isinstance(row.which, str)]
    variants = await items.by_sku(tx.session, skus)
    places = await locations.all_for_use(tx.session)
    return sort_out(
        rows,
        variants=variants,
        places={None: locations.home(places), **{place.id: place for place in places}},
    )


def _unless_old(outcome: Outcome, old: set[VariantId]) -> Outcome:
    if isinstance(outcome, Opened) and outcome.variant_id in old:
        return Skip.HAS_MOVEMENTS
    return outcome


def _put(row: Opened, stock: VariantStock) -> Entry:
    shelf = stock.shelf_at(locations.empty_shelf(row.place))
    return stock.add(shelf, row.quantity, Reason.OPENING)


async def _note(tx: Transaction, opening: Opening, *, applied: int, who: Principal) -> None:
    rows = len(opening.results)
    await record(
        tx,
        who=who,
        action="stock.opening",
        subject=f"opening/{opening.id}",
        before={},
        after={"rows": rows, "applied": applied, "reference": opening.reference},
    )
