"""A webhook: the gateway's hint to look again, stored before it is acknowledged."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from payments.model.base import Base, Word, one_of
from payments.model.intent import Declined
from wareflow_kit.refusals import BadRequest, NotFound

LEASE = timedelta(seconds=60)
"""How long a claimed webhook is left alone; longer than reading one object may take."""


class ForgedWebhook(BadRequest):
    """The signature is not one of the gateway's, or it is too old."""


class WrongMode(BadRequest):
    """A webhook of live mode in test mode, or the other way round."""


class UnknownWebhook(NotFound):
    """No webhook of this id was received."""


class Subject(StrEnum):
    """What a webhook tells us to look at."""

    INTENT = "intent"
    REFUND = "refund"
    NOTHING = "nothing"
    """Not of our concern; it is kept, and that is all."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook that was verified. `summary` holds no personal data."""

    id: str
    type: str
    livemode: bool
    created_at: datetime
    subject: Subject
    subject_id: str | None
    declined: Declined | None
    summary: dict[str, JsonValue]


class WebhookEvent(Base):
    """What was received, and what became of it. `apply_at` is None once nothing is to be done."""

    __tablename__ = "webhook_event"
    __table_args__ = (
        CheckConstraint(one_of("subject", Subject), name="subject_known"),
        CheckConstraint(
            "(subject = 'nothing') = (subject_id IS NULL)", name="subject_has_an_id"
        ),
        CheckConstraint(
            "(applied_at IS NULL) = (apply_at IS NOT NULL)", name="applied_or_to_be_applied"
        ),
        Index(None, "apply_at", postgresql_where=text("apply_at IS NOT NULL")),
        Index(None, "received_at", "id"),
        Index(
            "webhook_event_failing_idx", "received_at", "id",
            postgresql_where=text("apply_at IS NOT NULL AND error IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    type: Mapped[str]
    livemode: Mapped[bool]
    subject: Mapped[Subject] = mapped_column(Word(Subject))
    subject_id: Mapped[str | None]
    declined: Mapped[dict[str, Any] | None]
    """A failed attempt that it tells of; such a fact does not age, so it is taken from here."""
    payload: Mapped[dict[str, JsonValue]]
    """What was signed, without the people in it."""
    created_at: Mapped[datetime]
    received_at: Mapped[datetime]
    apply_at: Mapped[datetime | None]
    """While it is claimed, when the lease ends."""
    applied_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]

    @property
    def attempt_declined(self) -> Declined | None:
        """The failed attempt that it tells of."""
        return Declined(**self.declined) if self.declined else None

    def claim(self, *, now: datetime) -> None:
        """Take it, under a lease."""
        self.attempts += 1
        self.apply_at = now + LEASE

    def applied(self, *, now: datetime) -> None:
        """What it hinted at was read and applied."""
        self.apply_at, self.applied_at, self.error = None, now, None

    def failed(self, error: str, *, now: datetime, after: float) -> None:
        """It could not be applied; again in `after` seconds."""
        self.error = error
        self.apply_at = now + timedelta(seconds=after)

    def replay(self, *, now: datetime) -> None:
        """Apply it again, at once."""
        if self.subject is not Subject.NOTHING:
            self.apply_at, self.applied_at = now, None
