"""Take back holds of orders that a restored database has lost, from the answers that were told."""

from collections.abc import Iterable, Mapping, Sequence

from inventory.model.hold import PlacedOrder, units_of
from inventory.model.ids import DocumentId, LocationId, OrderId, VariantId
from inventory.model.movement import Cause, Entry
from inventory.model.stock import VariantStock
from inventory.store import holds, ledger, stocks
from inventory.usecases.recall_stock import shelves
from wareflow_events.handlers import Heard
from wareflow_events.schemas.inventory import (
    ReservedLine,
    StockReleased,
    StockReserved,
    StockShipped,
    StockShort,
)
from wareflow_events.transaction import Transaction

Told = StockReserved | StockShort | StockReleased | StockShipped
_ACTOR = "recovery"


async def recall_holds(tx: Transaction, told: Sequence[Heard[Told]]) -> None:
    """Let each answer be given again, in the order of time; nothing is told."""
    lines = [line for one in told for line in _lines(one.event)]
    places = await shelves(tx, (line.location_id for line in lines if line.location_id))
    found = await stocks.lock_or_open(tx.session, {VariantId(line.variant_id) for line in lines})
    for one in told:
        event, order_id = one.event, OrderId(one.event.order_id)
        if isinstance(event, StockReserved | StockShort):
            placed = PlacedOrder(order_id, one.time, ())  # about then; the answer does not say
            await holds.answer(tx.session, [placed], [event], now=one.time)
            for stock, location_id, quantity in _units(found, _lines(event)):
                shelf = stock.shelf_at(places[location_id])
                shelf.reserved += quantity
                shelf.settle(stock.item.backorder_limit)
        elif isinstance(event, StockReleased):
            ended = await holds.release(tx.session, [order_id], now=one.time)
            for stock, location_id, quantity in _units(found, ended[order_id]):
                stock.release(location_id, quantity)
        else:
            ended = await holds.ship(tx.session, [order_id], now=one.time)
            cause = Cause(DocumentId(order_id), _ACTOR)
            entries: list[tuple[Cause, Entry]] = [
                (cause, entry)
                for stock, location_id, quantity in _units(found, ended[order_id])
                for entry in stock.ship(location_id, quantity)
            ]
            await ledger.append(tx.session, entries, at=one.time)
    await stocks.save(tx.session, found.values())


def _lines(event: Told) -> Sequence[ReservedLine]:
    return () if isinstance(event, StockShort) else event.lines


def _units(
    found: Mapping[VariantId, VariantStock], lines: Iterable[ReservedLine]
) -> list[tuple[VariantStock, LocationId, int]]:
    return [(found[variant], place, n) for (variant, place), n in units_of(lines).items()]
