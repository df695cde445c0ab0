"""Sending the mails that wait: claimed, sent without a transaction, and noted."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from crm.gateways.mailer import Mailer, Message
from crm.model.mail import Mail
from wareflow_events.failpoints import failpoint
from wareflow_events.faults import backoff
from wareflow_events.transaction import Transactions

_LEASE = timedelta(minutes=2)
_BATCH = 20
_NOT_SENT = failpoint("mail.claimed_not_sent")
_NOT_MARKED = failpoint("mail.sent_not_marked")


async def send_mail(transactions: Transactions, mailer: Mailer, *, storefront: str) -> bool:
    """Send what is due; True when there may be more."""
    claimed = await _claim(transactions)
    for mail_id, message, attempts in claimed:
        text = message.body.replace("{storefront}", storefront)
        _NOT_SENT.reach(mail_id)
        try:
            await mailer.send(Message(message.id, message.to, message.subject, text))
        except Exception as error:  # noqa: BLE001  kept, and tried again
            await _failed(transactions, mail_id, attempts, repr(error))
        else:
            _NOT_MARKED.reach(mail_id)
            await _sent(transactions, mail_id)
    return len(claimed) == _BATCH


async def _claim(transactions: Transactions) -> list[tuple[UUID, Message, int]]:
    async with transactions.begin() as tx:
        due = select(Mail).where(Mail.sent_at.is_(None), Mail.next_attempt_at <= tx.now)
        rows = await tx.session.scalars(
            due.order_by(Mail.next_attempt_at).limit(_BATCH).with_for_update(skip_locked=True)
        )
        claimed: list[tuple[UUID, Message, int]] = []
        for mail in rows:
            mail.next_attempt_at = tx.now + _LEASE
            mail.attempts += 1
            message = Message(str(mail.mail_id), mail.to or "", mail.subject, mail.body or "")
            claimed.append((mail.mail_id, message, mail.attempts))
        return claimed


async def _sent(transactions: Transactions, mail_id: UUID) -> None:
    async with transactions.begin() as tx:
        done = update(Mail).where(Mail.mail_id == mail_id)
        _ = await tx.session.execute(
            done.values(sent_at=tx.now, to=None, body=None, error=None)  # no address is kept
        )


async def _failed(transactions: Transactions, mail_id: UUID, attempts: int, error: str) -> None:
    async with transactions.begin() as tx:
        wait = timedelta(seconds=backoff(attempts, first=5, most=3600))
        again = update(Mail).where(Mail.mail_id == mail_id)
        _ = await tx.session.execute(again.values(next_attempt_at=tx.now + wait, error=error[:500]))
