"""A payment method: a test instrument that somebody pays with."""

import hashlib
from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Mapped, mapped_column

from wareflow_sandbox.model.base import Rendered, Resource
from wareflow_sandbox.model.ids import unix
from wareflow_sandbox.model.instruments import Instrument, scripted

NOBODY: Rendered = {
    "address": {
        "city": None,
        "country": None,
        "line1": None,
        "line2": None,
        "postal_code": None,
        "state": None,
    },
    "email": None,
    "name": None,
    "phone": None,
    "tax_id": None,
}
"""Billing details that nobody gave; the sandbox keeps none, since it has no use for them."""


def card_of(instrument: Instrument, *, exp_month: int, exp_year: int) -> Rendered:
    """What a payment method and a charge both say about a card."""
    fingerprint = hashlib.sha256(instrument.number.encode()).hexdigest()[:16]
    return {
        "brand": instrument.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": instrument.cvc_check,
        },
        "country": instrument.country,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": fingerprint,
        "funding": instrument.funding,
        "last4": instrument.last4,
        "regulated_status": "unregulated",
        "wallet": None,
    }


class PaymentMethod(Resource):
    """Made from a test token or a test card's number; the number itself is never kept."""

    __tablename__ = "payment_method"
    PREFIX: ClassVar = "pm"
    OBJECT: ClassVar = "payment_method"

    token: Mapped[str]
    type: Mapped[str]
    last4: Mapped[str]
    exp_month: Mapped[int]
    exp_year: Mapped[int]
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata")
    created: Mapped[datetime]

    @property
    def instrument(self) -> Instrument:
        """The script behind it."""
        return scripted(self.token)

    def rendered(self) -> Rendered:
        return {
            "id": self.id,
            "object": self.OBJECT,
            "allow_redisplay": "unspecified",
            "billing_details": NOBODY,
            self.type: self._details(),
            "created": unix(self.created),
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": self.metadata_,
            "type": self.type,
        }

    def _details(self) -> Rendered:
        if self.type != "card":
            return self.account()
        return {
            **self.card(),
            "display_brand": self.instrument.brand,
            "generated_from": None,
            "networks": {"available": [self.instrument.brand], "preferred": None},
            "three_d_secure_usage": {"supported": True},
        }

    def card(self) -> Rendered:
        """The card's face."""
        card = card_of(self.instrument, exp_month=self.exp_month, exp_year=self.exp_year)
        return {**card, "last4": self.last4}

    def account(self) -> Rendered:
        """The bank account of a debit."""
        return {
            "bank_name": "SANDBOX BANK",
            "country": self.instrument.country,
            "fingerprint": hashlib.sha256(self.instrument.number.encode()).hexdigest()[:16],
            "last4": self.last4,
        }
