"""The nouns of `payments`, their rules and refusals, and the metadata of their tables."""

from payments.model import ledger_rules
from payments.model.base import Base
from payments.model.decline import Decline
from payments.model.ledger import LedgerAccount, LedgerEntry, LedgerGroup
from payments.model.operation import Operation
from payments.model.payment import Payment
from payments.model.refund import Refund
from payments.model.webhook import WebhookEvent

__all__ = [
    "Base",
    "Decline",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerGroup",
    "Operation",
    "Payment",
    "Refund",
    "WebhookEvent",
    "ledger_rules",
]
