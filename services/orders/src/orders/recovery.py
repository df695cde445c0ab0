"""How orders takes back from the log what a restored database has lost."""

from orders.usecases.recall_carts import recall_carts, recall_contacts
from orders.usecases.recall_orders import recall_orders
from wareflow_events.recovery import Recall, Recovery
from wareflow_events.schemas.orders import (
    CartChanged,
    OrderCancelled,
    OrderConfirmed,
    OrderContactGiven,
    OrderFulfilled,
    OrderPlaced,
    PaymentClosing,
    PaymentDue,
    RefundDue,
)

RECOVERY = Recovery(
    service="orders",
    recalls=(
        Recall(
            (
                OrderPlaced,
                PaymentDue,
                PaymentClosing,
                OrderConfirmed,
                OrderCancelled,
                RefundDue,
                OrderFulfilled,
            ),
            recall_orders,
        ),
        Recall((CartChanged,), recall_carts),
        Recall((OrderContactGiven,), recall_contacts),
    ),
    lost=(
        "the tokens of carts that were opened since: guests start a new cart",
        "addresses, delivery and notes of carts, and into which cart one was merged",
        "contact data of orders, where the log keeps it no more: 72 hours",
        "notes of the staff on orders, and the audit trail",
        "idempotency keys: a checkout that is repeated finds its cart ordered (409)",
    ),
)
