"""A webhook came in: stored, so that it can be acknowledged, and applied afterwards."""

from dataclasses import asdict
from functools import partial

from payments.model.bells import WEBHOOK_STORED
from payments.model.webhook import Notice, Subject
from payments.store import store_webhook
from payments.usecases.metrics import WEBHOOKS
from wareflow_events.failpoints import failpoint
from wareflow_events.transaction import Transaction

_NOT_COMMITTED = failpoint("webhook.stored_not_committed")
_NOT_ACKNOWLEDGED = failpoint("webhook.committed_not_acknowledged")


async def receive_webhook(tx: Transaction, *, notice: Notice) -> bool:
    """Store a verified webhook; False if it was stored before. What it is about is not looked at
    here: the gateway waits for the answer."""
    ours = notice.subject is not Subject.NOTHING
    row = {
        "id": notice.id,
        "type": notice.type,
        "livemode": notice.livemode,
        "subject": notice.subject,
        "subject_id": notice.subject_id,
        "declined": asdict(notice.declined) if notice.declined else None,
        "payload": notice.summary,
        "created_at": notice.created_at,
        "received_at": tx.now,
        "apply_at": tx.now if ours else None,
        "applied_at": None if ours else tx.now,
    }
    stored = await store_webhook(tx.session, row)
    _NOT_COMMITTED.reach(notice.type)
    tx.after_commit(partial(_NOT_ACKNOWLEDGED.reach, notice.type))
    tx.after_commit(WEBHOOKS.labels(notice.type, "stored" if stored else "repeated").inc)
    if stored and ours:
        tx.after_commit(WEBHOOK_STORED.ring)
    return stored
