"""Builders of what is heard: events of other services, and webhooks of the gateway."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from payments.gateways.gateway import IntentRequest
from payments.model.intent import Declined
from payments.model.webhook import Notice, Subject
from wareflow_events.schemas.orders import OrderCancelled, PaymentClosing, PaymentDue, RefundDue
from wareflow_events.schemas.shapes import Money

A_DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When things in builders happen, unless said otherwise."""


def a_payment_due(
    order_id: UUID | None = None,
    *,
    amount: int = 1899,
    currency: str = "EUR",
    customer_id: UUID | None = None,
    livemode: bool = False,
) -> PaymentDue:
    """An order that is to be paid."""
    return PaymentDue(
        order_id=order_id or uuid4(),
        number="1042",
        customer_id=customer_id or uuid4(),
        amount=Money(amount=amount, currency=currency),
        livemode=livemode,
        test=not livemode,
        pay_by=A_DAY + timedelta(minutes=30),
    )


def a_closing(order_id: UUID, *, reason: str = "deadline") -> PaymentClosing:
    """An order that is about to end."""
    return PaymentClosing(order_id=order_id, reason=reason)


def a_refund_due(
    order_id: UUID, amount: int = 1899, *, refund_id: UUID | None = None, currency: str = "EUR"
) -> RefundDue:
    """Money that has to go back."""
    return RefundDue(
        order_id=order_id,
        refund_id=refund_id or uuid4(),
        amount=Money(amount=amount, currency=currency),
        reason="customer",
    )


def a_cancelled_order(order_id: UUID, *, was_confirmed: bool = False) -> OrderCancelled:
    """An order that ended."""
    return OrderCancelled(
        order_id=order_id,
        number="1042",
        customer_id=uuid4(),
        reason="customer",
        was_confirmed=was_confirmed,
        cancelled_at=A_DAY,
    )


def a_notice(
    subject_id: str,
    *,
    type: str = "payment_intent.succeeded",  # noqa: A002
    webhook_id: str | None = None,
    declined: Declined | None = None,
) -> Notice:
    """A webhook that was verified."""
    subject = {"payment_intent": Subject.INTENT, "refund": Subject.REFUND}.get(
        type.partition(".")[0], Subject.NOTHING
    )
    return Notice(
        id=webhook_id or f"evt_{uuid4().hex}",
        type=type,
        livemode=False,
        created_at=A_DAY,
        subject=subject,
        subject_id=None if subject is Subject.NOTHING else subject_id,
        declined=declined,
        summary={"id": subject_id, "type": type},
    )


def a_request(due: PaymentDue, payment_id: UUID, operation_id: UUID) -> IntentRequest:
    """An intent for a payment, as an operation asks for it."""
    return IntentRequest(
        key=operation_id,
        operation_id=operation_id,
        order_id=due.order_id,
        payment_id=payment_id,
        amount=due.amount,
        note=due.number,
    )
