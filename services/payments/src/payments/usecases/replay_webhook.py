"""Apply a webhook again, because somebody asks for it."""

from payments import store
from payments.model import WebhookEvent
from payments.model.bells import WEBHOOK_STORED
from payments.model.webhook import UnknownWebhook
from wareflow_events.transaction import Transaction
from wareflow_kit.audit import record
from wareflow_kit.auth import Principal


async def replay_webhook(tx: Transaction, *, webhook_id: str, who: Principal) -> WebhookEvent:
    """Have its object read again, at once; `UnknownWebhook`. What is known changes nothing."""
    found = await store.lock_webhooks(tx.session, [webhook_id])
    if not found:
        raise UnknownWebhook(f"no webhook {webhook_id} was received")
    webhook = found[0]
    applied_at = webhook.applied_at.isoformat() if webhook.applied_at else None
    webhook.replay(now=tx.now)
    await record(
        tx,
        who=who,
        action="webhook.replay",
        subject=f"webhook/{webhook_id}",
        before={"applied_at": applied_at, "error": webhook.error},
        after={"applied_at": None},
    )
    tx.after_commit(WEBHOOK_STORED.ring)
    return webhook
