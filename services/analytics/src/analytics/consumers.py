"""What analytics hears."""

from analytics.projections.channels import Channel, fold_channel
from analytics.projections.funnel import Touch, fold_carts, fold_paid, fold_placed
from analytics.projections.sales import (
    Cancellation,
    Return,
    Sale,
    SaleLine,
    fold_cancelled,
    fold_confirmed,
    fold_refunded,
)
from analytics.usecases.forget import forget
from wareflow_events.consumer import ConsumerGroup, Heard, on, on_run
from wareflow_events.schemas.catalog import ChannelChanged
from wareflow_events.schemas.crm import CustomerErased
from wareflow_events.schemas.orders import CartChanged, OrderCancelled, OrderConfirmed, OrderPlaced
from wareflow_events.schemas.payments import PaymentRefunded
from wareflow_events.transaction import Transaction
from wareflow_kit.tables import tables_of


async def erased(tx: Transaction, heard: Heard[CustomerErased]) -> None:
    """Forget a customer under every id they had."""
    await forget(tx, customer_ids=heard.event.customer_ids)


SALES = ConsumerGroup(
    "analytics.sales",
    (
        on(ChannelChanged, fold_channel),
        on_run(OrderConfirmed, fold_confirmed),
        on(OrderCancelled, fold_cancelled),
        on_run(PaymentRefunded, fold_refunded),
    ),
    derived=tables_of(Channel, Sale, SaleLine, Return, Cancellation),
)
FUNNEL = ConsumerGroup(
    "analytics.funnel",
    (
        on_run(CartChanged, fold_carts),
        on_run(OrderPlaced, fold_placed),
        on_run(OrderConfirmed, fold_paid),
    ),
    derived=tables_of(Touch),
)
PEOPLE = ConsumerGroup("analytics.people", (on(CustomerErased, erased),))
HANDLERS = (SALES, FUNNEL, PEOPLE)
