"""The composition root of analytics."""

from analytics.api import collect, figures
from analytics.checks import CHECKS
from analytics.consumers import HANDLERS
from analytics.settings import Settings
from wareflow_events.broker import Broker
from wareflow_events.transaction import Transactions
from wareflow_kit.database import engine
from wareflow_kit.service import Service
from wareflow_kit.web.app import create_app


def build(settings: Settings, *, broker: Broker) -> Service:
    """Put the service together."""
    database = engine(settings.database_url, pool=settings.pool_size, name="analytics")
    transactions = Transactions(database, service="analytics")
    app = create_app(
        service="analytics",
        title="Analytics",
        description="The activity stream, sales, the funnel, and how fresh each figure is.",
        routers=[collect.router(settings), figures.router],
        settings=settings,
        transactions=transactions,
    )
    return Service(
        name="analytics",
        settings=settings,
        engine=database,
        transactions=transactions,
        broker=broker,
        app=app,
        groups=HANDLERS,
        checks=CHECKS,
    )
