"""Forget what Stripe forgets too: idempotency keys after a day, events after a month."""

from sqlalchemy import delete

from wareflow_sandbox.model import event
from wareflow_sandbox.model.event import Event
from wareflow_sandbox.model.idempotency import KEPT_FOR, IdempotencyKey
from wareflow_sandbox.model.ids import first_id
from wareflow_sandbox.store.work import Work


async def prune(work: Work) -> bool:
    """Delete what is too old; never more to do at once."""
    keys = delete(IdempotencyKey).where(IdempotencyKey.created < work.now - KEPT_FOR)
    oldest = first_id(Event.PREFIX, at=work.now - event.KEPT_FOR)
    _ = await work.session.execute(keys)
    _ = await work.session.execute(delete(Event).where(Event.id < oldest))
    return False
