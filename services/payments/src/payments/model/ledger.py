"""The double-entry ledger: append-only, in minor units, every group sums to zero per currency."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from payments.model.base import Base, Word, one_of
from payments.model.payment import Payment
from payments.model.refund import Refund


class Account(StrEnum):
    """Where money stands; a debit is positive, a credit negative."""

    PROCESSOR = "processor"
    """What the gateway holds for us."""
    RECEIVABLE = "receivable"
    """What customers owe: a payment is credited here."""
    REFUNDS = "refunds"
    """What went back to customers."""


A = Account
NATURES = {
    Account.PROCESSOR: "asset",
    Account.RECEIVABLE: "asset",
    Account.REFUNDS: "contra_revenue",
}


class GroupKind(StrEnum):
    """Why money moved."""

    CAPTURE = "capture"
    REFUND = "refund"
    REFUND_RETURNED = "refund_returned"
    """A refund that had been paid out came back."""


class LedgerAccount(Base):
    """The chart of accounts."""

    __tablename__ = "ledger_account"

    code: Mapped[Account] = mapped_column(Word(Account), primary_key=True)
    nature: Mapped[str]


class LedgerGroup(Base):
    """Entries that belong together; (kind, reference) is the natural key, so it is posted once."""

    __tablename__ = "ledger_group"
    __table_args__ = (
        UniqueConstraint("kind", "reference", name="ledger_group_posted_once"),
        UniqueConstraint("id", "livemode", name="ledger_group_id_livemode_key"),
        CheckConstraint(one_of("kind", GroupKind), name="kind_known"),
        Index(None, "order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[GroupKind] = mapped_column(Word(GroupKind))
    reference: Mapped[str]
    """The id of the payment, or of the refund."""
    order_id: Mapped[UUID]
    livemode: Mapped[bool]
    occurred_at: Mapped[datetime]
    """By the gateway's clock, where it says."""
    posted_at: Mapped[datetime]
    entries: Mapped[list["LedgerEntry"]] = relationship(lazy="raise", order_by="LedgerEntry.line")


class LedgerEntry(Base):
    """One side of a movement, in minor units; test money and real money never add up."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        ForeignKeyConstraint(
            ["group_id", "livemode"], ["ledger_group.id", "ledger_group.livemode"]
        ),
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        Index(None, "livemode", "account", "currency", postgresql_include=["amount"]),
    )

    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[Account] = mapped_column(Word(Account), ForeignKey("ledger_account.code"))
    amount: Mapped[int]
    currency: Mapped[str]
    livemode: Mapped[bool]


def capture_of(payment: Payment, *, group_id: UUID, now: datetime) -> LedgerGroup:
    """The customer paid, the gateway holds it."""
    kind = (GroupKind.CAPTURE, str(payment.id))
    group = _group(payment, group_id, kind, payment.captured_at or now, now)
    _enter(group, payment.currency, debit=A.PROCESSOR, credit=A.RECEIVABLE, amount=payment.captured)
    return group


def refund_of(payment: Payment, refund: Refund, *, group_id: UUID, now: datetime) -> LedgerGroup:
    """The gateway paid the customer back."""
    group = _group(payment, group_id, (GroupKind.REFUND, str(refund.id)), now, now)
    _enter(group, refund.currency, debit=A.REFUNDS, credit=A.PROCESSOR, amount=refund.amount)
    return group


def returned_refund_of(
    payment: Payment, refund: Refund, *, group_id: UUID, now: datetime
) -> LedgerGroup:
    """A refund came back to the gateway."""
    group = _group(payment, group_id, (GroupKind.REFUND_RETURNED, str(refund.id)), now, now)
    _enter(group, refund.currency, debit=A.PROCESSOR, credit=A.REFUNDS, amount=refund.amount)
    return group


def _group(
    payment: Payment,
    group_id: UUID,
    key: tuple[GroupKind, str],
    occurred_at: datetime,
    now: datetime,
) -> LedgerGroup:
    return LedgerGroup(
        id=group_id,
        kind=key[0],
        reference=key[1],
        order_id=payment.order_id,
        livemode=payment.livemode,
        occurred_at=occurred_at,
        posted_at=now,
    )


def _enter(
    group: LedgerGroup, currency: str, *, debit: Account, credit: Account, amount: int
) -> None:
    group.entries = [
        LedgerEntry(
            group_id=group.id, line=line, account=account, amount=signed, currency=currency,
            livemode=group.livemode,
        )
        for line, account, signed in ((1, debit, amount), (2, credit, -amount))
    ]  # fmt: skip
