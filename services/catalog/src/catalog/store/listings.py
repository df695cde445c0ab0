"""Upkeep of `listing`, which follows from products, prices, categories, channels and stock."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.category import Category
from catalog.model.listing import Listing
from catalog.model.product import Product
from catalog.model.product_parts import Shelf

# The inner laterals cannot be pulled up, so prices are always looked up by their variant: on fresh
# tables, without statistics, the planner else reads all prices for each product.
# A variant without a word from inventory is at level 0, and sells on if it may.
BUYABLE = """(NOT v.tracked OR CASE WHEN st.variant_id IS NULL THEN v.backorder
     ELSE st.available > 0 END)"""

_REFRESH = text(
    f"""
INSERT INTO listing AS l (product_id, channel, status, title_key, newest_at, facets,
                          currency, price_min, price_max, in_stock, refresh_at)
SELECT p.id, c.id, p.status, p.title_key, coalesce(p.published_at, p.created_at), f.facets,
       s.currency, s.price_min, s.price_max, coalesce(s.in_stock, false), r.refresh_at
FROM product p
CROSS JOIN channel c
CROSS JOIN LATERAL (
    SELECT array(
        SELECT 't:' || lower(tag) FROM unnest(p.tags) AS tag
        UNION SELECT 'v:' || lower(p.vendor) WHERE p.vendor <> ''
        UNION SELECT 'p:' || lower(p.product_type) WHERE p.product_type <> ''
        UNION SELECT 'c:' || above FROM product_category pc
              JOIN category ON category.id = pc.category_id, unnest(category.path) AS above
              WHERE pc.product_id = p.id
        ORDER BY 1
    ) AS facets
) f
LEFT JOIN LATERAL (
    SELECT now.currency, min(now.amount) AS price_min, max(now.amount) AS price_max,
           bool_or({BUYABLE}) AS in_stock
    FROM variant v
    CROSS JOIN LATERAL (
        SELECT pr.currency, pr.amount FROM price pr
        WHERE pr.variant_id = v.id AND pr.channel = c.id AND pr.valid_from <= :now
          AND (pr.valid_to IS NULL OR pr.valid_to > :now)
        ORDER BY pr.currency = c.currency DESC, pr.currency LIMIT 1
    ) now
    LEFT JOIN stock st ON st.variant_id = v.id
    WHERE v.product_id = p.id
    GROUP BY now.currency
    ORDER BY now.currency = c.currency DESC, now.currency
    LIMIT 1
) s ON true
LEFT JOIN LATERAL (
    SELECT min(e.edge) AS refresh_at
    FROM variant v
    CROSS JOIN LATERAL (
        SELECT least(min(valid_from) FILTER (WHERE valid_from > :now),
                     min(valid_to) FILTER (WHERE valid_to > :now)) AS edge
        FROM price pr WHERE pr.variant_id = v.id AND pr.channel = c.id
    ) e
    WHERE v.product_id = p.id
) r ON true
WHERE p.id = ANY(CAST(:ids AS uuid[]))
ORDER BY p.id, c.id
ON CONFLICT (product_id, channel) DO UPDATE SET
    status = excluded.status, title_key = excluded.title_key, newest_at = excluded.newest_at,
    facets = excluded.facets, currency = excluded.currency, price_min = excluded.price_min,
    price_max = excluded.price_max, in_stock = excluded.in_stock, refresh_at = excluded.refresh_at
WHERE l IS DISTINCT FROM excluded
"""  # noqa: S608  put together of constants
)
# Nothing has a price in a channel that is just being opened.
_OPEN = text(
    """
INSERT INTO listing (product_id, channel, status, title_key, newest_at, facets, in_stock)
SELECT product_id, :channel, status, title_key, newest_at, facets, false
FROM listing WHERE channel = :like
"""
)


async def refresh_listings(session: AsyncSession, ids: Collection[UUID], *, now: datetime) -> None:
    """Derive the rows of these products anew; the caller holds the products' locks."""
    _ = await session.execute(_REFRESH, {"ids": list(ids), "now": now})


async def list_in_new_channel(session: AsyncSession, channel: str, *, like: str) -> None:
    """Give all products a row in a channel that is being opened, by their rows in another."""
    _ = await session.execute(_OPEN, {"channel": channel, "like": like})


async def soil_listings_in(session: AsyncSession, channel: str, *, now: datetime) -> None:
    """Have all rows of a channel derived anew soon."""
    statement = update(Listing).where(Listing.channel == channel).values(refresh_at=now)
    _ = await session.execute(statement)


async def lock_products(session: AsyncSession, ids: Collection[UUID]) -> list[UUID]:
    """Lock those of the products that exist, in the order of their ids."""
    query = select(Product.id).where(Product.id.in_(ids)).order_by(Product.id)
    return list(await session.scalars(query.with_for_update(key_share=True)))


async def due_listings(session: AsyncSession, *, now: datetime, most: int) -> list[UUID]:
    """Products with a price that began or ended meanwhile, soonest first."""
    query = select(Listing.product_id).where(Listing.refresh_at <= now)
    rows = await session.scalars(query.order_by(Listing.refresh_at).limit(most))
    return sorted(set(rows))


async def soil_listings_below(session: AsyncSession, category: Category, *, now: datetime) -> None:
    """Have the rows of all that stands in a category or below it derived anew soon."""
    below = select(Category.id).where(Category.path.contains([category.id]))
    products = select(Shelf.product_id).where(Shelf.category_id.in_(below))
    statement = update(Listing).where(Listing.product_id.in_(products)).values(refresh_at=now)
    _ = await session.execute(statement)
