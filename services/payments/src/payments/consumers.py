"""The back door: what this service hears, and the verb that each event calls."""

from payments.usecases.close_payments import close_leftovers, close_payments
from payments.usecases.forget_customers import forget_customers
from payments.usecases.open_payments import open_payments
from payments.usecases.request_refunds import request_refunds
from wareflow_events.consumer import ConsumerGroup, Heard, on, on_run
from wareflow_events.schemas.crm import CustomerErased
from wareflow_events.schemas.orders import OrderCancelled, PaymentClosing, PaymentDue, RefundDue
from wareflow_events.transaction import Transaction


async def payment_due(tx: Transaction, heard: list[Heard[PaymentDue]]) -> None:
    """Stock is held: the money may be taken."""
    since = {each.event.order_id: each.time for each in heard if each.replay}
    await open_payments(tx, dues=[each.event for each in heard], since=since)


async def payment_closing(tx: Transaction, heard: list[Heard[PaymentClosing]]) -> None:
    """The order is about to end: say what is true of the money."""
    await close_payments(tx, closings=[each.event for each in heard])


async def refund_due(tx: Transaction, heard: list[Heard[RefundDue]]) -> None:
    """Money has to go back."""
    since = {each.event.refund_id: each.time for each in heard if each.replay}
    await request_refunds(tx, dues=[each.event for each in heard], since=since)


async def order_cancelled(tx: Transaction, heard: list[Heard[OrderCancelled]]) -> None:
    """The order ended: nothing that could still be paid may be left."""
    await close_leftovers(tx, cancelled=[each.event for each in heard])


async def customer_erased(tx: Transaction, heard: Heard[CustomerErased]) -> None:
    """A person is to be forgotten."""
    await forget_customers(tx, ids=heard.event.customer_ids)


HANDLERS: tuple[ConsumerGroup, ...] = (
    ConsumerGroup(
        name="payments.orders",
        handlers=(
            on_run(PaymentDue, payment_due),
            on_run(PaymentClosing, payment_closing),
            on_run(RefundDue, refund_due),
            on_run(OrderCancelled, order_cancelled),
            on(CustomerErased, customer_erased),
        ),
    ),
)
"""The whole list of what this service hears."""
