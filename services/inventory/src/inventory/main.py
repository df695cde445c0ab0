"""The composition root: settings and a broker become the service."""

from functools import partial

from inventory.api import (
    adjustments,
    levels,
    locations,
    movements,
    openings,
    receipts,
    reservations,
)
from inventory.checks import CHECKS
from inventory.consumers import HANDLERS
from inventory.settings import Settings
from inventory.views.reservations import held_orders
from wareflow_events.broker import Broker
from wareflow_events.transaction import Transactions
from wareflow_kit.database import engine
from wareflow_kit.service import Service
from wareflow_kit.waiting import Waiting
from wareflow_kit.web.app import create_app

_ROUTERS = [
    noun.router
    for noun in (levels, receipts, adjustments, openings, movements, reservations, locations)
]

_DESCRIPTION = """
What there is of each variant, where it is, how much of it is held for orders, and the ledger that
explains every unit. For staff: scopes `inventory:read` and `inventory:write`. Orders reserve by
events; the shop sees what is available in the catalogue.
"""


def build(settings: Settings, *, broker: Broker) -> Service:
    """Compose inventory; nothing runs and nothing is connected yet."""
    database = engine(settings.database_url, pool=settings.pool_size, name="inventory")
    transactions = Transactions(database, service="inventory")
    app = create_app(
        service="inventory",
        title="Inventory",
        description=_DESCRIPTION,
        routers=_ROUTERS,
        settings=settings,
        transactions=transactions,
    )
    app.state.waiting = Waiting(
        partial(held_orders, app.state.reading), transactions.committed, poll=settings.waiting_poll
    )
    return Service(
        name="inventory",
        settings=settings,
        engine=database,
        transactions=transactions,
        broker=broker,
        app=app,
        groups=HANDLERS,
        checks=CHECKS,
    )
