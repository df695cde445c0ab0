"""Writing a mail: it is sent after the commit, by the poller."""

from uuid import UUID

from crm.model.mail import Mail
from wareflow_events.transaction import Transaction


async def write_mail(
    tx: Transaction, *, customer_id: UUID, to: str, subject: str, body: str
) -> None:
    """Keep a mail to be sent; `{storefront}` in its body becomes the shop's address."""
    tx.session.add(
        Mail(
            mail_id=tx.new_id(),
            customer_id=customer_id,
            to=to,
            subject=subject,
            body=body,
            created_at=tx.now,
            next_attempt_at=tx.now,
            attempts=0,
            sent_at=None,
            error=None,
        )
    )
    await tx.session.flush()
