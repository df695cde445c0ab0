"""Freshness: how far each figure has heard of what it is made from."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

FIGURES = {
    "sales": ("analytics.sales", "wareflow.orders.order"),
    "refunds": ("analytics.sales", "wareflow.payments.payment"),
    "funnel carts": ("analytics.funnel", "wareflow.orders.cart"),
    "funnel orders": ("analytics.funnel", "wareflow.orders.order"),
}
"""Which consumer group's place on which topic a figure depends on."""

_FRESHNESS = """
SELECT c.name AS consumer, o.topic, sum(o.next)::bigint AS events, max(o.moved_at) AS as_of
FROM consumer c JOIN consumer_offset o ON o.consumer_id = c.id
GROUP BY 1, 2
"""


async def freshness(session: AsyncSession) -> Sequence[RowMapping]:
    """Per consumer and topic: events applied, and when its place last moved."""
    return (await session.execute(text(_FRESHNESS))).mappings().all()
