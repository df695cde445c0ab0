"""The composition root: settings in, a service out; the only importer of the Stripe client."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import FastAPI

from payments.api import ledger, operations, payments, refunds, webhooks
from payments.api.intake import Intake
from payments.checks import CHECKS
from payments.consumers import HANDLERS
from payments.gateways.gateway import Gateway
from payments.gateways.stripe_client import StripeGateway
from payments.gateways.stripe_webhooks import StripeWebhooks
from payments.model.bells import OPERATION_DUE, PAYMENT_CHANGED, WEBHOOK_STORED
from payments.settings import Settings
from payments.usecases.apply_webhooks import WebhookWork
from payments.usecases.forget_webhooks import forget_webhooks
from payments.usecases.look_up import PaymentWork, RefundWork
from payments.usecases.measure import measure
from payments.usecases.pump import Pump, PumpPoller, Work
from payments.usecases.run_operations import OperationWork
from payments.views.payments import payments_of
from wareflow_events.bell import Bell
from wareflow_events.broker import Broker
from wareflow_events.clock import Clock, utc_now
from wareflow_events.transaction import Transactions
from wareflow_kit.database import engine
from wareflow_kit.pollers import Poller
from wareflow_kit.service import Service
from wareflow_kit.waiting import Waiting
from wareflow_kit.web.app import create_app

_DESCRIPTION = """
Payments: what a customer needs to pay an order, webhooks of the gateway, refunds, and the books.
Whether an order is paid, cancelled or refunded is decided by `orders`; here it is done.
"""


@dataclass
class PaymentsService(Service):
    """A service that also lets go of its gateway."""

    gateway: Gateway = field(kw_only=True)

    async def close(self) -> None:
        """Let go of the gateway, the database and the broker."""
        await self.gateway.close()
        await super().close()


def build(
    settings: Settings, *, broker: Broker, gateway: Gateway | None = None, clock: Clock = utc_now
) -> PaymentsService:
    """The service as the settings say; with another `gateway`, or clock, in tests."""
    database = engine(settings.database_url, pool=settings.pool_size, name="payments")
    transactions = Transactions(database, service="payments", clock=clock)
    gateway = gateway or _stripe(settings)
    return PaymentsService(
        name="payments",
        settings=settings,
        engine=database,
        transactions=transactions,
        broker=broker,
        app=_app(settings, transactions),
        groups=HANDLERS,
        pollers=_pollers(settings, transactions, gateway),
        checks=CHECKS,
        gateway=gateway,
    )


def _stripe(settings: Settings) -> StripeGateway:
    return StripeGateway(
        url=settings.gateway_url,
        key=settings.gateway_key.get_secret_value(),
        timeout=settings.gateway_timeout,
    )


def _app(settings: Settings, transactions: Transactions) -> FastAPI:
    app = create_app(
        service="payments",
        title="Wareflow payments",
        description=_DESCRIPTION,
        routers=[each.router for each in (payments, refunds, webhooks, ledger, operations)],
        settings=settings,
        transactions=transactions,
    )
    app.state.settings = settings
    app.state.waiting = Waiting(
        partial(payments_of, app.state.reading), PAYMENT_CHANGED, poll=settings.waiting_poll
    )
    app.state.webhooks = StripeWebhooks(
        [secret.get_secret_value() for secret in settings.webhook_secrets],
        livemode=settings.livemode,
        tolerance=timedelta(seconds=settings.webhook_tolerance),
    )
    app.state.intake = Intake(
        most=settings.webhook_buffer_bytes, seconds=settings.webhook_body_timeout
    )
    return app


def _pollers(
    settings: Settings, transactions: Transactions, gateway: Gateway
) -> tuple[Poller, ...]:
    def pump(name: str, work: Work[Any, Any], every: float, bell: Bell) -> PumpPoller:
        made = Pump(work, transactions, in_flight=settings.in_flight, bell=bell)
        return PumpPoller(f"payments.{name}", every, made.run, bell, made)

    operation_work = OperationWork(gateway, livemode=settings.livemode)
    return (
        Poller("payments.gateway", 3600, gateway.connect),
        pump("operations", operation_work, 1, OPERATION_DUE),
        # Where another process stores them, the poll is what counts, not the bell.
        pump("webhooks", WebhookWork(gateway), settings.webhook_poll, WEBHOOK_STORED),
        pump("look_up_payments", PaymentWork(gateway), 5, Bell()),
        pump("look_up_refunds", RefundWork(gateway), 30, Bell()),
        Poller("payments.measure", 15, partial(measure, transactions)),
        Poller("payments.forget_webhooks", 3600, partial(forget_webhooks, transactions)),
    )
