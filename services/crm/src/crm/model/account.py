"""An account: how a registered customer signs in."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.model.base import Base
from wareflow_kit.refusals import Invalid, Unauthorized


class WrongCredentials(Unauthorized):
    """The e-mail address and the password do not belong together."""


class StaleLink(Invalid):
    """This link was used, or is too old; ask for a new one."""


class Account(Base):
    """Sign-in data. Its subject makes the customer's id together with the issuer."""

    __tablename__ = "account"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    password_hash: Mapped[str]
    verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class MailedToken(Base):
    """A secret that was mailed, to prove an address or to reset a password; its hash is kept."""

    __tablename__ = "mailed_token"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(index=True)
    purpose: Mapped[str]
    expires_at: Mapped[datetime]

    @classmethod
    def of(
        cls, token: str, *, customer_id: UUID, purpose: str, now: datetime, lasts: timedelta
    ) -> "MailedToken":
        """The row of a token that is about to be mailed."""
        return cls(
            token_hash=hash_of(token),
            customer_id=customer_id,
            purpose=purpose,
            expires_at=now + lasts,
        )


def hash_of(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()
