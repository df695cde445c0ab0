"""The shop, composed."""

from fastapi import APIRouter, FastAPI

from shop.api import router
from shop.settings import Settings
from wareflow_events.broker import Broker
from wareflow_events.clock import Clock, utc_now
from wareflow_events.consumer import ConsumerGroup
from wareflow_events.transaction import Transactions
from wareflow_kit.auth import Verifier
from wareflow_kit.checks import Check
from wareflow_kit.database import engine
from wareflow_kit.service import Poller, Service
from wareflow_kit.testing import settings_for
from wareflow_kit.web.app import create_app


def build(
    settings: Settings,
    *,
    broker: Broker,
    clock: Clock = utc_now,
    groups: tuple[ConsumerGroup, ...] = (),
    pollers: tuple[Poller, ...] = (),
) -> Service:
    """Everything wired."""
    database = engine(settings.database_url, pool=settings.pool_size, name="shop")
    transactions = Transactions(database, service="orders", clock=clock)
    app = create_app(
        service="shop",
        title="Shop",
        description="A shop",
        routers=[router],
        settings=settings,
        transactions=transactions,
        verifier=Verifier(settings.trusted_issuers, clock=clock),
        larger_bodies={"/shop/v1/upload": 4_000_000},
    )
    return Service(
        name="orders",
        settings=settings,
        engine=database,
        transactions=transactions,
        broker=broker,
        app=app,
        groups=groups,
        pollers=pollers,
        checks=(Check("no item costs less than nothing", "SELECT id FROM item WHERE price < 0"),),
    )


def app_with(shop: Service, router: APIRouter) -> FastAPI:
    """An app of other endpoints, on the shop's database."""
    return create_app(
        service="shop",
        title="Shop",
        description="",
        routers=[router],
        settings=settings_for(type(shop.settings), shop.settings.database_url),
        transactions=shop.transactions,
    )
