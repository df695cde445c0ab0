"""A mail that is to be sent, kept until it was."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.model.base import Base


class Mail(Base):
    """Sent by a poller, at least once; then its address and text are forgotten."""

    __tablename__ = "mail"
    __table_args__ = (
        Index("mail_to_send", "next_attempt_at", postgresql_where=text("sent_at IS NULL")),
    )

    mail_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(index=True)
    to: Mapped[str | None]
    subject: Mapped[str]
    body: Mapped[str | None]
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    attempts: Mapped[int]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]
