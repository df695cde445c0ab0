"""The back door: what catalog hears, and the verb that each event calls."""

from typing import cast

from sqlalchemy import Table

from catalog.model.stock import Stock
from catalog.usecases.keep_stock import keep_stock
from wareflow_events.handlers import ConsumerGroup, on_run
from wareflow_events.schemas.inventory import StockChanged

STOCK = ConsumerGroup(
    "catalog.stock",
    (on_run(StockChanged, keep_stock),),
    derived=(cast("Table", Stock.__table__),),
)

HANDLERS: tuple[ConsumerGroup, ...] = (STOCK,)
