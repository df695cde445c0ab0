"""How catalog takes back from the log what a restored database has lost."""

from catalog.usecases.recall_products import recall_channels, recall_products
from wareflow_events.recovery import Recall, Recovery
from wareflow_events.schemas.catalog import ChannelChanged, ProductChanged, ProductRemoved

RECOVERY = Recovery(
    service="catalog",
    recalls=(
        Recall((ChannelChanged,), recall_channels),
        Recall((ProductChanged, ProductRemoved), recall_products),
    ),
    lost=(
        "categories that were made or changed since: one comes back with its slug for a name",
        "the history of prices since, what products were imported from, and imports themselves",
        "idempotency keys, and the audit trail",
    ),
)
