"""Whom to write to about an order and where it goes: personal data, in a table that can forget."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from orders.model.base import Base, Json
from wareflow_events.schemas.shapes import AddressPii, Region
from wareflow_kit.refusals import Gone, Invalid

_PREFIX = 3


class EmailMissing(Invalid):
    """An order needs an e-mail address."""


class AddressMissing(Invalid):
    """Goods that are shipped need a shipping address."""


class CustomerForgotten(Gone):
    """This customer was erased; nothing may be kept about them any more."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What a customer leaves with an order."""

    email: str
    shipping_address: AddressPii | None
    billing_address: AddressPii | None

    @property
    def name(self) -> str:
        """How to address them; empty when no address was given."""
        address = self.shipping_address or self.billing_address
        return address.name if address else ""

    @property
    def phone(self) -> str | None:
        """A number to call about the delivery."""
        address = self.shipping_address or self.billing_address
        return address.phone if address else None


def region_of(address: AddressPii) -> Region:
    """Where goods go, coarse enough to name nobody: country, region, head of the postal code."""
    postal = (address.postal_code or "").replace(" ", "")
    return Region(
        country=address.country, region=address.region, postal_prefix=postal[:_PREFIX] or None
    )


class OrderContact(Base):
    """The contact data of one order; nowhere else in orders, but in carts that are still open."""

    __tablename__ = "order_contact"

    order_id: Mapped[UUID] = mapped_column(
        ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True
    )
    customer_id: Mapped[UUID] = mapped_column(index=True)
    email: Mapped[str | None]
    """None once the customer was erased and the order waits to be shipped."""
    shipping_address: Mapped[AddressPii | None] = mapped_column(Json(AddressPii))
    billing_address: Mapped[AddressPii | None] = mapped_column(Json(AddressPii))


_ = Index("order_contact_email_idx", func.lower(OrderContact.email))
