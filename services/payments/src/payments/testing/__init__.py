"""For tests: a gateway in memory, builders of what is heard, and a service worked by hand."""

from payments.testing.bench import Bench, breaches
from payments.testing.gateway import FakeGateway, Fault
from payments.testing.heard import (
    A_DAY,
    a_cancelled_order,
    a_closing,
    a_notice,
    a_payment_due,
    a_refund_due,
    a_request,
)

__all__ = [
    "A_DAY",
    "Bench",
    "FakeGateway",
    "Fault",
    "a_cancelled_order",
    "a_closing",
    "a_notice",
    "a_payment_due",
    "a_refund_due",
    "a_request",
    "breaches",
]
