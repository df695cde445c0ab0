"""A customer: who they are, under which ids, and what may be done with that."""

from datetime import datetime
from typing import NewType
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.model.base import Base
from wareflow_events.schemas.crm import (
    CustomerChanged,
    CustomerErased,
    CustomerMerged,
    CustomerRegistered,
)
from wareflow_kit.database import inverted
from wareflow_kit.refusals import Conflict, Gone, NotFound, PreconditionFailed

CustomerId = NewType("CustomerId", UUID)


class NoSuchCustomer(NotFound):
    """There is no customer of this id."""


class CustomerIsErased(Gone):
    """This person was forgotten, and stays so."""


class EmailTaken(Conflict):
    """There is an account with this e-mail address: sign in, or reset the password."""


class CustomerMoved(PreconditionFailed):
    """The customer was changed since you read it."""


class Customer(Base):
    """A person who bought or registered. A guest has one row per order until they are merged."""

    __tablename__ = "customer"
    __table_args__ = (
        CheckConstraint("kind IN ('guest', 'registered')", name="kind_is_known"),
        Index("customer_by_age", "created_at", "customer_id"),
        Index("customer_by_email", "email_key"),
        Index("customer_by_name", "name_key"),
        inverted("tags", name="customer_by_tag"),
    )

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    version: Mapped[int]
    locale: Mapped[str]
    email: Mapped[str | None]
    email_key: Mapped[str | None] = mapped_column(Text(collation="C"))
    """The address in lower case, to search and to match by."""
    name: Mapped[str | None]
    name_key: Mapped[str | None] = mapped_column(Text(collation="C"))
    phone: Mapped[str | None]
    tags: Mapped[list[str]]
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    def contact(
        self, *, email: str | None = None, name: str | None = None, phone: str | None = None
    ) -> None:
        """Take over contact data that is given."""
        if email:
            self.email, self.email_key = email, email.lower()
        if name:
            self.name, self.name_key = name, name.lower()
        if phone:
            self.phone = phone

    def change(
        self,
        *,
        now: datetime,
        locale: str | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, str] | None = None,
    ) -> CustomerChanged:
        """Change what others may know."""
        self.version += 1
        self.updated_at = now
        self.locale = locale or self.locale
        self.tags = self.tags if tags is None else tags
        self.metadata_ = self.metadata_ if metadata is None else metadata
        return CustomerChanged(
            customer_id=self.customer_id,
            locale=self.locale,
            tags=self.tags,
            metadata=self.metadata_,
        )

    def registered(self) -> CustomerRegistered:
        """The fact that they opened an account."""
        return CustomerRegistered(
            customer_id=self.customer_id, locale=self.locale, registered_at=self.created_at
        )


class Alias(Base):
    """A guest's id that turned out to be a registered customer's."""

    __tablename__ = "customer_alias"

    guest_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(index=True)
    merged_at: Mapped[datetime]


def a_guest(*, customer_id: UUID, locale: str, now: datetime, kind: str = "guest") -> Customer:
    """A customer of whom nothing is known yet."""
    return Customer(
        customer_id=customer_id,
        kind=kind,
        version=1,
        locale=locale,
        tags=[],
        metadata_={},
        created_at=now,
        updated_at=now,
    )


def merged(customer_id: UUID, guests: list[UUID], *, now: datetime) -> CustomerMerged:
    """The fact that guests were this customer."""
    return CustomerMerged(customer_id=customer_id, merged_ids=guests, merged_at=now)


def erased(customer_id: UUID, ids: list[UUID], *, now: datetime) -> CustomerErased:
    """The fact that a person is to be forgotten."""
    return CustomerErased(customer_id=customer_id, customer_ids=ids, erased_at=now)
