"""The balance: what a payment brings and a refund takes, and the gateway's fee."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from wareflow_sandbox.model.base import Rendered, Resource
from wareflow_sandbox.model.charge import Charge
from wareflow_sandbox.model.ids import unix

FEE_PER_MILLE = 14
FEE_FIXED = 25
"""The sandbox tariff: 1.4 % and 25 minor units per payment, whatever the card and currency. It is
the sandbox's own; what Stripe charges depends on country, card and contract."""


def fee_of(amount: int) -> int:
    """The fee of a payment in minor units, half a unit rounded up."""
    return (amount * FEE_PER_MILLE + 500) // 1000 + FEE_FIXED


class BalanceTransaction(Resource):
    """One movement of the balance. Amounts in minor units; money out is negative.

    Money is available at once, as with Stripe's cards that bypass the pending balance.
    """

    __tablename__ = "balance_transaction"
    __table_args__ = (
        CheckConstraint("net = amount - fee", name="net_is_amount_less_fee"),
        Index(None, "source"),
    )
    PREFIX: ClassVar = "txn"
    OBJECT: ClassVar = "balance_transaction"

    type: Mapped[str]
    amount: Mapped[int]
    fee: Mapped[int]
    net: Mapped[int]
    currency: Mapped[str]
    source: Mapped[str]
    description: Mapped[str | None]
    created: Mapped[datetime]

    @classmethod
    def of_charge(
        cls, *, txn_id: str, charge: Charge, amount: int, now: datetime
    ) -> "BalanceTransaction":
        """Money that came in."""
        fee = fee_of(amount)
        return cls(
            id=txn_id, type="charge", amount=amount, fee=fee, net=amount - fee,
            currency=charge.currency, source=charge.id, description=charge.description, created=now,
        )  # fmt: skip

    @classmethod
    def of_refund(
        cls, *, txn_id: str, refund_id: str, amount: int, currency: str, now: datetime, back: bool
    ) -> "BalanceTransaction":
        """Money that went out, or came `back` because the refund failed. Fees are not returned."""
        signed = amount if back else -amount
        return cls(
            id=txn_id, type="refund_failure" if back else "refund", amount=signed, fee=0,
            net=signed, currency=currency, source=refund_id, created=now,
        )  # fmt: skip

    def rendered(self) -> Rendered:
        fees = [
            {
                "amount": self.fee,
                "application": None,
                "currency": self.currency,
                "description": "Sandbox tariff: 1.4% + 25",
                "type": "stripe_fee",
            }
        ]
        return {
            "id": self.id,
            "object": self.OBJECT,
            "amount": self.amount,
            "available_on": unix(self.created),
            "balance_type": "payments",
            "created": unix(self.created),
            "currency": self.currency,
            "description": self.description,
            "exchange_rate": None,
            "fee": self.fee,
            "fee_details": fees if self.fee else [],
            "net": self.net,
            "reporting_category": self.type,
            "source": self.source,
            "status": "available",
            "type": self.type,
        }
