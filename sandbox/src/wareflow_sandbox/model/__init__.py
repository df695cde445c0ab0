"""The sandbox's nouns: Stripe's objects, their rules and their shapes."""

from wareflow_sandbox.model.balance_transaction import BalanceTransaction
from wareflow_sandbox.model.base import Base
from wareflow_sandbox.model.charge import Charge
from wareflow_sandbox.model.event import Event
from wareflow_sandbox.model.idempotency import IdempotencyKey
from wareflow_sandbox.model.payment_intent import PaymentIntent
from wareflow_sandbox.model.payment_method import PaymentMethod
from wareflow_sandbox.model.refund import Refund
from wareflow_sandbox.model.webhook import WebhookDelivery, WebhookEndpoint

__all__ = [
    "BalanceTransaction",
    "Base",
    "Charge",
    "Event",
    "IdempotencyKey",
    "PaymentIntent",
    "PaymentMethod",
    "Refund",
    "WebhookDelivery",
    "WebhookEndpoint",
]
