"""Old webhooks are forgotten: what they told is in payments, refunds and the ledger."""

from datetime import timedelta

from sqlalchemy import delete, select

from payments.model import WebhookEvent
from wareflow_events.transaction import Transactions

KEEP = timedelta(days=90)
"""Far longer than the gateway repeats one (Stripe: three days)."""

_MOST = 1000


async def forget_webhooks(transactions: Transactions) -> bool:
    """Delete applied webhooks older than `KEEP`, a limited number; True if there may be more."""
    async with transactions.begin() as tx:
        old = (
            select(WebhookEvent.id)
            .where(WebhookEvent.received_at < tx.now - KEEP, WebhookEvent.applied_at.is_not(None))
            .limit(_MOST)
            .with_for_update(skip_locked=True)
        )
        query = delete(WebhookEvent).where(WebhookEvent.id.in_(old)).returning(WebhookEvent.id)
        gone = await tx.session.scalars(query, execution_options={"synchronize_session": False})
        return len(gone.all()) == _MOST
