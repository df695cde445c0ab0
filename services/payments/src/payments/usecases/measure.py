"""Measure what the gateway has not made clear, so that somebody is alerted."""

from datetime import timedelta

from sqlalchemy import text

from payments.usecases.metrics import UNRESOLVED
from wareflow_events.transaction import Transactions

PATIENCE = timedelta(minutes=5)
"""What is unclear for longer is counted."""

_QUERY = text("""
SELECT
  (SELECT count(*) FROM payment WHERE status = 'closing' AND updated_at < :since) AS closing,
  (SELECT count(*) FROM operation
    WHERE next_attempt_at IS NOT NULL AND created_at < :since) AS operation,
  (SELECT count(*) FROM refund r JOIN payment p ON p.id = r.payment_id
    WHERE r.status = 'failed'
      AND p.captured - p.refunded - p.pending_refund >= r.amount) AS refund_failed,
  (SELECT count(*) FROM webhook_event
    WHERE apply_at IS NOT NULL AND error IS NOT NULL AND received_at < :since) AS webhook,
  (SELECT count(*) FROM payment WHERE look_at IS NOT NULL AND trouble IS NOT NULL) AS trouble
""")
"""Each over an index that holds only what is unclear. A failed refund counts while the money is
still here."""


async def measure(transactions: Transactions) -> bool:
    """Set `payments_unresolved`; False, there is never more to do at once."""
    async with transactions.begin() as tx:
        found = await tx.session.execute(_QUERY, {"since": tx.now - PATIENCE})
        row = found.mappings().one()
    for what, count in row.items():
        UNRESOLVED.labels(what).set(count)
    return False
