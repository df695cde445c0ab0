"""The composition root: settings to a running catalog."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from catalog.api import categories, channels, editing, imports, parts, products
from catalog.api.uploads import Imports
from catalog.checks import CHECKS
from catalog.consumers import HANDLERS
from catalog.model.channel import ChannelTerms
from catalog.model.values import DEFAULT_CHANNEL
from catalog.settings import Settings
from catalog.usecases.define_channel import open_default_channel
from catalog.usecases.relist_products import relist_products
from catalog.usecases.retell_products import retell_products
from catalog.usecases.tidy_imports import tidy_imports
from wareflow_events.broker import Broker
from wareflow_events.transaction import Transactions
from wareflow_kit.database import engine
from wareflow_kit.service import Poller, Service
from wareflow_kit.web.app import create_app

_DESCRIPTION = """Products with options, variants, prices, pictures and translations; categories;
sales channels; full-text search; import and export of product CSVs."""

_TAGS = (
    {"name": "products", "description": "What a shop shows: lists, pages, search"},
    {"name": "categories", "description": "The tree that products stand in"},
    {"name": "channels", "description": "Where, in which currency and language things are sold"},
    {"name": "editing", "description": "Changing products, for staff with `catalog:write`"},
    {"name": "imports", "description": "Product CSVs in Shopify's layout, in and out"},
)


def build(settings: Settings, *, broker: Broker) -> Service:
    """All of catalog, ready to be served and run."""
    database = engine(settings.database_url, pool=settings.pool_size, name="catalog")
    transactions = Transactions(database, service="catalog")
    running = Imports(transactions, settings.import_folder)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with transactions.begin() as tx:
            await open_default_channel(
                tx, channel_id=DEFAULT_CHANNEL, terms=_default_channel(settings)
            )
        try:
            yield
        finally:
            await running.stop()

    app = create_app(
        service="catalog",
        title="Wareflow catalog",
        description=_DESCRIPTION,
        routers=[
            products.router,
            categories.router,
            channels.router,
            editing.router,
            parts.router,
            imports.router,
        ],
        settings=settings,
        transactions=transactions,
        lifespan=lifespan,
        tags=_TAGS,
        larger_bodies={"/catalog/v1/imports": settings.import_max_bytes},
        keep_answers=settings.keep_answers_seconds,
    )
    app.state.imports = running
    return Service(
        name="catalog",
        settings=settings,
        engine=database,
        transactions=transactions,
        broker=broker,
        app=app,
        groups=HANDLERS,
        pollers=(
            Poller("catalog.relist", 2.0, partial(relist_products, transactions)),
            Poller("catalog.retell", 2.0, partial(retell_products, transactions)),
            Poller("catalog.imports", 60.0, partial(tidy_imports, transactions)),
        ),
        checks=CHECKS,
    )


def _default_channel(settings: Settings) -> ChannelTerms:
    """The terms that the default channel starts with."""
    return ChannelTerms(
        name=settings.channel_name,
        currency=settings.channel_currency,
        locale=settings.channel_locale,
        countries=list(settings.channel_countries),
        prices_include_tax=settings.channel_prices_include_tax,
        time_zone=settings.channel_time_zone,
    )
