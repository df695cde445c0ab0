"""What a channel offers just now, from our own copies, in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from orders.model.ids import VariantId
from orders.model.shelf import Availability, Channel, Offer, Shelf, UnknownChannel
from wareflow_events.driver import fetch
from wareflow_kit.money import Money

# Of several prices that are valid, the one that began last counts: a sale, not what it replaces.
# Stock that inventory has not spoken of is 0, unless the catalogue says that nobody counts it.
_SHELF = """
SELECT c.channel, c.currency, c.locale, c.countries, c.prices_include_tax, c.active AS is_open,
       v.variant_id, v.product_id, p.version, v.sku, p.title, v.title AS variant_title,
       v.options, v.image_url, v.taxable, v.tax_code, v.weight_grams, v.requires_shipping,
       v.active AND p.status = 'active'
           AND (p.channels = '{}' OR c.channel = ANY(p.channels)) AS active,
       r.amount, r.compare_at,
       coalesce(s.tracked, v.tracked) AS tracked, coalesce(s.available, 0) AS available,
       v.backorder
FROM channel_copy c
LEFT JOIN variant_copy v ON v.variant_id = ANY($2::uuid[])
LEFT JOIN product_copy p ON p.product_id = v.product_id
LEFT JOIN stock_copy s ON s.variant_id = v.variant_id
LEFT JOIN LATERAL (
    SELECT amount, compare_at FROM price_copy r
    WHERE r.variant_id = v.variant_id AND r.channel = c.channel AND r.currency = c.currency
      AND coalesce(r.valid_from <= $3, true) AND coalesce(r.valid_to > $3, true)
    ORDER BY r.valid_from DESC NULLS LAST, r.position LIMIT 1
) r ON true
WHERE c.channel = ANY($1::text[])
"""


async def shelf(
    session: AsyncSession, channel: str, variant_ids: Sequence[VariantId], *, now: datetime
) -> Shelf:
    """A channel with the offers of these variants; `UnknownChannel` if it was never heard of."""
    found = await shelves(session, [channel], variant_ids, now=now)
    if channel not in found:
        raise UnknownChannel(channel=channel)
    return found[channel]


async def shelves(
    session: AsyncSession,
    channels: Sequence[str],
    variant_ids: Sequence[VariantId],
    *,
    now: datetime,
) -> dict[str, Shelf]:
    """Several channels at once; those never heard of are left out."""
    rows = await fetch(session, _SHELF, sorted(set(channels)), list(set(variant_ids)), now)
    known = {row.channel: _channel(row) for row in rows}
    return {
        code: Shelf(
            channel,
            {row.variant_id: _offer(row) for row in rows if row.channel == code and row.variant_id},
        )
        for code, channel in known.items()
    }


def _channel(row: Any) -> Channel:
    return Channel(
        code=row.channel,
        currency=row.currency,
        locale=row.locale,
        countries=tuple(row.countries),
        prices_include_tax=row.prices_include_tax,
        active=row.is_open,
    )


def _offer(row: Any) -> Offer:
    return Offer(
        variant_id=row.variant_id,
        product_id=row.product_id,
        product_version=row.version,
        sku=row.sku,
        title=row.title,
        variant_title=row.variant_title,
        active=row.active,
        price=_money(row.amount, row.currency),
        compare_at=_money(row.compare_at, row.currency),
        availability=Availability(row.tracked, row.available, row.backorder),
        options=row.options,
        image_url=row.image_url,
        taxable=row.taxable,
        tax_code=row.tax_code,
        weight_grams=row.weight_grams,
        requires_shipping=row.requires_shipping,
    )


def _money(amount: int | None, currency: str) -> Money | None:
    return None if amount is None else Money(amount=amount, currency=currency)
