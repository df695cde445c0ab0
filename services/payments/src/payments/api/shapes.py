"""Response shapes that more than one router has."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from payments.model import Payment
from payments.model.decline import NextStep, next_step, sayable
from payments.model.payment import UNDECIDED, Status
from wareflow_events.schemas.shapes import Money


class Shown(BaseModel):
    """Read from rows."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class LastError(BaseModel):
    """Why the newest attempt was declined, as a shopper may know it, and what helps."""

    code: str = Field(examples=["card_declined"])
    decline_code: str | None = Field(examples=["insufficient_funds"])
    next: NextStep


class PaymentShown(BaseModel):
    """A payment, as everybody who may see it sees it."""

    payment_id: UUID
    order_id: UUID
    number: str = Field(description="The order's number", examples=["1042"])
    status: Status
    amount: Money
    captured: Money
    refunded: Money
    pending_refund: Money
    livemode: bool
    test: bool
    method: str | None = Field(description="Stripe's payment method type", examples=["card"])
    brand: str | None = Field(examples=["visa"])
    country: str | None = Field(examples=["DE"])
    reason: str | None = Field(description="Why it is closing or was voided")
    last_error: LastError | None
    pay_by: datetime
    created_at: datetime
    captured_at: datetime | None


def shown(payment: Payment) -> PaymentShown:
    """A row as it is shown."""

    def money(amount: int) -> Money:
        return Money(amount=amount, currency=payment.currency)

    return PaymentShown(
        payment_id=payment.id,
        order_id=payment.order_id,
        number=payment.number,
        status=payment.status,
        amount=payment.due,
        captured=money(payment.captured),
        refunded=money(payment.refunded),
        pending_refund=money(payment.pending_refund),
        livemode=payment.livemode,
        test=payment.test,
        method=payment.method,
        brand=payment.brand,
        country=payment.country,
        reason=payment.reason,
        last_error=_last_error(payment),
        pay_by=payment.pay_by,
        created_at=payment.created_at,
        captured_at=payment.captured_at,
    )


def _last_error(payment: Payment) -> LastError | None:
    if payment.error_code is None or payment.status not in UNDECIDED:
        return None
    return LastError(
        code=payment.error_code,
        decline_code=sayable(payment.decline_code),
        next=next_step(payment.error_code, payment.decline_code),
    )
