"""Forgetting a person: their activities lose whatever leads to them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from wareflow_events.erasure import mark_erased
from wareflow_events.transaction import Transaction

# The visitor ids of a person become new ones that lead nowhere; counts stay what they were.
_ACTIVITIES = """
UPDATE activity SET customer_id = NULL, session_id = NULL,
       visitor_id = 'erased:' || md5(visitor_id || :salt),
       body = body - 'customer_id' - 'visitor_id' - 'session_id' - 'page' - 'search_term'
                   - 'attribution'
WHERE visitor_id IN (SELECT visitor_id FROM activity WHERE customer_id = ANY(:ids))
"""
_BAD = """
DELETE FROM bad_activity b
WHERE EXISTS (
    SELECT FROM unnest(CAST(:ids AS uuid[])) AS e (id) WHERE b.body LIKE '%' || e.id || '%')
"""


async def forget(tx: Transaction, *, customer_ids: Sequence[UUID]) -> None:
    """Cut every tie between activities and these people, for good."""
    await mark_erased(tx, customer_ids)
    ids = list(customer_ids)
    _ = await tx.session.execute(text(_ACTIVITIES), {"ids": ids, "salt": str(tx.new_id())})
    _ = await tx.session.execute(text(_BAD), {"ids": ids})
