"""The composition root: settings and a broker become the service."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from orders.api import carts, checkout, keys, orders
from orders.api.desk import Desk
from orders.checks import CHECKS
from orders.consumers import HANDLERS
from orders.model.states import Trigger
from orders.settings import Settings
from orders.usecases.expire_carts import expire_carts
from orders.usecases.measure_open_orders import measure_open_orders
from orders.usecases.pass_deadlines import pass_deadlines
from orders.views.orders import order_states
from wareflow_events.broker import Broker
from wareflow_events.failpoints import failpoint
from wareflow_events.transaction import Transactions
from wareflow_kit.auth import Issuer, Verifier
from wareflow_kit.database import engine
from wareflow_kit.service import Poller, Service
from wareflow_kit.waiting import Waiting
from wareflow_kit.web.app import create_app

_BATCH = 100
_NOT_COMMITTED = failpoint("deadline.passed_not_committed")
_COMMITTED = failpoint("deadline.committed")

_DESCRIPTION = """
Carts, checkout, and every decision about an order. A cart is held by a token (`X-Cart-Token`); an
order by the order token that its checkout answers with, by its customer's own token, or by staff
with the scopes `orders:read` and `orders:write`.
"""


def build(settings: Settings, *, broker: Broker) -> Service:
    """Compose orders; nothing runs and nothing is connected yet."""
    database = engine(settings.database_url, pool=settings.pool_size, name="orders")
    transactions = Transactions(database, service="orders")
    tokens = Issuer.from_file(settings.signing_key, settings.issuer)
    app = create_app(
        service="orders",
        title="Orders",
        description=_DESCRIPTION,
        routers=[carts.router, checkout.router, orders.router, keys.router],
        settings=settings,
        transactions=transactions,
        verifier=Verifier([*settings.trusted_issuers, tokens.trusted("order")]),
    )
    app.state.desk = Desk(
        settings=settings,
        transactions=transactions,
        reading=app.state.reading,
        waiting=Waiting(
            partial(order_states, app.state.reading),
            transactions.committed,
            poll=settings.waiting_poll,
        ),
        tokens=tokens,
    )
    return Service(
        name="orders",
        settings=settings,
        engine=database,
        transactions=transactions,
        broker=broker,
        app=app,
        groups=HANDLERS,
        pollers=_pollers(transactions, app.state.reading, settings),
        checks=CHECKS,
    )


def _pollers(
    transactions: Transactions, reading: AsyncEngine, settings: Settings
) -> tuple[Poller, ...]:
    async def pass_deadline(deadline: Trigger) -> bool:
        async with transactions.begin() as tx:
            passed = await pass_deadlines(tx, deadline=deadline, limit=_BATCH)
            if passed:
                _NOT_COMMITTED.reach(deadline)
        if passed:
            _COMMITTED.reach(deadline)
        return passed == _BATCH

    async def end_carts() -> bool:
        async with transactions.begin() as tx:
            return await expire_carts(tx, limit=_BATCH, settings=settings) == _BATCH

    async def measure() -> bool:
        await measure_open_orders(reading, now=transactions.clock())
        return False

    return (
        Poller("orders.reserve_by", 1.0, partial(pass_deadline, Trigger.RESERVE_DEADLINE)),
        Poller("orders.pay_by", 1.0, partial(pass_deadline, Trigger.PAY_DEADLINE)),
        Poller("orders.carts", 60.0, end_carts),
        Poller("orders.open", 15.0, measure),
    )
