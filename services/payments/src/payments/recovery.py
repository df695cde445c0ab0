"""How payments takes back from the log what a restored database has lost."""

from payments.consumers import payment_due
from payments.usecases.recall_payments import ask_about_voided, recall_payments
from wareflow_events.handlers import ConsumerGroup, on_run
from wareflow_events.recovery import Recall, Recovery
from wareflow_events.schemas.orders import PaymentDue
from wareflow_events.schemas.payments import (
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    PaymentVoided,
    RefundFailed,
)

RECOVERY = Recovery(
    service="payments",
    # What was captured or voided stands on a payment that was due.
    before=ConsumerGroup("payments.orders", (on_run(PaymentDue, payment_due),)),
    recalls=(
        Recall((PaymentCaptured, PaymentVoided, PaymentRefunded, RefundFailed), recall_payments),
    ),
    nothing={
        PaymentFailed: "a failed attempt decides nothing; the newest is read with its intent",
    },
    after=ask_about_voided,
    lost=(
        "the gateway's webhooks as they were received: what they hinted at is read again",
        "failed attempts to pay, but for the newest of each intent",
        "the gateway's ids of refunds that were told as done, and why orders asked for them",
        "refunds that somebody made by hand at the gateway, and the audit trail",
    ),
)
