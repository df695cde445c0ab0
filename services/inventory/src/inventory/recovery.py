"""How inventory takes back from the log what a restored database has lost."""

from inventory.usecases.recall_holds import recall_holds
from inventory.usecases.recall_stock import recall_stock
from wareflow_events.recovery import Recall, Recovery
from wareflow_events.schemas.inventory import (
    StockChanged,
    StockReleased,
    StockReserved,
    StockShipped,
    StockShort,
)

RECOVERY = Recovery(
    service="inventory",
    # Holds first: what left with them is a movement of its own, the rest is made up for.
    recalls=(
        Recall((StockReserved, StockShort, StockReleased, StockShipped), recall_holds),
        Recall((StockChanged,), recall_stock),
    ),
    lost=(
        "which receipts, counts and openings moved the stock: one adjustment stands for them",
        "names, priorities and terms of locations that were made or changed since",
        "idempotency keys: ask before a receipt is sent again; and the audit trail",
    ),
)
