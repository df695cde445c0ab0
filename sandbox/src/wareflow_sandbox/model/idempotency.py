"""What an idempotency key remembers: the first answer, whole, for at least a day."""

from datetime import datetime, timedelta

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from wareflow_sandbox.model.base import Base
from wareflow_sandbox.model.errors import KeyReused

KEPT_FOR = timedelta(hours=24)
"""Stripe forgets a key when it is at least this old (docs.stripe.com/api/idempotent_requests)."""


class IdempotencyKey(Base):
    """A key, the request it came with, and the answer it keeps."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index(None, "created"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str]
    """Method and path."""
    fingerprint: Mapped[str]
    """A digest of the parameters."""
    status: Mapped[int]
    body: Mapped[str]
    request_id: Mapped[str]
    created: Mapped[datetime]


def refuse_if_reused(key: str, *, same_address: bool, same_parameters: bool) -> None:
    """`KeyReused` unless the key came back with the very same request."""
    if not same_address:
        what = "for the same endpoint they were first used for"
    elif not same_parameters:
        what = "with the same parameters they were first used with"
    else:
        return
    raise KeyReused(
        f"Keys for idempotent requests can only be used {what}. Try using a key other than '{key}'"
        " if you meant to execute a different request."
    )
