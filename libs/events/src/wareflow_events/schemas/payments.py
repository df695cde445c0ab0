"""What `payments` tells about the money of an order."""

from datetime import datetime
from uuid import UUID

from wareflow_events.event import Event, Kind, declare_topic
from wareflow_events.schemas.shapes import Money

PAYMENT = declare_topic("wareflow.payments.payment", key="order_id", kind=Kind.FACT)


class PaymentFailed(Event, type="wareflow.payments.payment.failed.v1"):
    """An attempt to pay was declined; the customer may try again on the same intent."""

    order_id: UUID
    payment_id: UUID
    code: str
    """Stripe's error code, such as card_declined."""
    decline_code: str | None = None
    failed_at: datetime


class PaymentCaptured(Event, type="wareflow.payments.payment.captured.v1"):
    """The order's money was taken, whole."""

    order_id: UUID
    payment_id: UUID
    amount: Money
    method: str
    """Stripe's payment method type, such as card."""
    brand: str | None = None
    country: str | None = None
    livemode: bool
    captured_at: datetime


class PaymentVoided(Event, type="wareflow.payments.payment.voided.v1"):
    """No money was taken and none can be any more: the intent is cancelled or never was."""

    order_id: UUID
    payment_id: UUID
    reason: str


class PaymentRefunded(Event, type="wareflow.payments.payment.refunded.v1"):
    """Money went back to the customer."""

    order_id: UUID
    payment_id: UUID
    refund_id: UUID
    """The id of the `RefundDue` that asked for it, or of the refund of a late capture."""
    amount: Money
    refunded: Money
    """All refunds of the order so far, this one included."""
    refunded_at: datetime


class RefundFailed(Event, type="wareflow.payments.payment.refund_failed.v1"):
    """The gateway refuses to give money back; somebody has to look at it."""

    order_id: UUID
    payment_id: UUID
    refund_id: UUID
    amount: Money
    code: str
    message: str
