"""What crm hears."""

from crm.projections import orders
from crm.projections.orders import CustomerOrder
from crm.projections.timeline import TimelineEntry, note
from crm.usecases.meet import meet
from wareflow_events.consumer import ConsumerGroup, Heard, on
from wareflow_events.schemas.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderContactGiven,
    OrderFulfilled,
    OrderPlaced,
)
from wareflow_events.schemas.payments import PaymentCaptured, PaymentFailed, PaymentRefunded
from wareflow_events.transaction import Transaction
from wareflow_kit.tables import tables_of


async def placed_by(tx: Transaction, heard: Heard[OrderPlaced]) -> None:
    """Meet whoever placed an order."""
    event = heard.event
    await meet(tx, customer_id=event.customer_id, locale=event.locale, guest=event.guest)


async def contact_given(tx: Transaction, heard: Heard[OrderContactGiven]) -> None:
    """Learn how to reach them."""
    event = heard.event
    await meet(
        tx,
        customer_id=event.customer_id,
        locale=event.locale,
        guest=event.guest,
        contact=event.contact,
    )


async def placed(tx: Transaction, heard: Heard[OrderPlaced]) -> None:
    """An order of theirs."""
    await orders.fold_placed(tx, heard.event)
    await note(tx, heard, "number", "total")


async def confirmed(tx: Transaction, heard: Heard[OrderConfirmed]) -> None:
    """A sale."""
    await orders.fold_confirmed(tx, heard.event)
    await note(tx, heard, "number", "total")


async def cancelled(tx: Transaction, heard: Heard[OrderCancelled]) -> None:
    """An order that ended without a sale."""
    await orders.fold_cancelled(tx, heard.event)
    await note(tx, heard, "number", "reason")


async def fulfilled(tx: Transaction, heard: Heard[OrderFulfilled]) -> None:
    """An order on its way."""
    await orders.fold_fulfilled(tx, heard.event)
    await note(tx, heard, "number", "carrier", "tracking_number")


async def captured(tx: Transaction, heard: Heard[PaymentCaptured]) -> None:
    """They paid."""
    await note(tx, heard, "amount", "method")


async def failed(tx: Transaction, heard: Heard[PaymentFailed]) -> None:
    """They could not pay."""
    await note(tx, heard, "code", "decline_code")


async def refunded(tx: Transaction, heard: Heard[PaymentRefunded]) -> None:
    """They got money back."""
    await orders.fold_refunded(tx, heard)
    await note(tx, heard, "amount")


PEOPLE = ConsumerGroup(
    "crm.people", (on(OrderPlaced, placed_by), on(OrderContactGiven, contact_given))
)
HISTORY = ConsumerGroup(
    "crm.history",
    (
        on(OrderPlaced, placed),
        on(OrderConfirmed, confirmed),
        on(OrderCancelled, cancelled),
        on(OrderFulfilled, fulfilled),
        on(PaymentCaptured, captured),
        on(PaymentFailed, failed),
        on(PaymentRefunded, refunded),
    ),
    derived=tables_of(CustomerOrder, TimelineEntry),
)
HANDLERS = (PEOPLE, HISTORY)
