"""Shapes that crm's endpoints share."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, EmailStr, Field
from sqlalchemy import RowMapping

from crm.model.customer import Customer
from wareflow_events.schemas.shapes import Money

Locale = Annotated[
    str,
    Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, examples=["en", "de-AT"]),
]


def _no_null(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a null character is not text")
    return text


Text = Annotated[str, AfterValidator(_no_null)]
Name = Annotated[Text, Field(min_length=1, max_length=200, examples=["Grace Hopper"])]
Key = Annotated[Text, Field(min_length=1, max_length=64)]
"""A name in `metadata`."""
Phone = Annotated[Text, Field(min_length=3, max_length=40)]
Email = Annotated[EmailStr, Field(max_length=254, examples=["grace@example.com"])]


class Spend(BaseModel):
    """Confirmed orders that were not cancelled, in one currency; `net` is less refunds."""

    orders: int
    net: Money
    last_order_at: datetime | None


class CustomerView(BaseModel):
    """A customer, as staff and they themselves see them."""

    customer_id: UUID
    kind: Literal["guest", "registered"]
    version: int
    email: str | None
    name: str | None
    phone: str | None
    locale: str
    tags: list[str]
    metadata: dict[str, str]
    created_at: datetime
    updated_at: datetime
    order_count: int
    spend: list[Spend]

    @classmethod
    def of(cls, customer: Customer, spent: Sequence[RowMapping]) -> "CustomerView":
        """A customer with the rows of `projections.orders.spend` that are theirs."""
        mine = [row for row in spent if row["customer_id"] == customer.customer_id]
        return cls(
            customer_id=customer.customer_id,
            kind="guest" if customer.kind == "guest" else "registered",
            version=customer.version,
            email=customer.email,
            name=customer.name,
            phone=customer.phone,
            locale=customer.locale,
            tags=customer.tags,
            metadata=customer.metadata_,
            created_at=customer.created_at,
            updated_at=customer.updated_at,
            order_count=sum(row["orders"] for row in mine),
            spend=[
                Spend(
                    orders=row["orders"],
                    net=Money(amount=row["net"], currency=row["currency"]),
                    last_order_at=row["last_at"],
                )
                for row in mine
            ],
        )
