"""Products as a shop shows them: any number of them, whole, by one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.model.product import NoSuchProduct
from catalog.views.shapes import ProductPage, ProductSummary, Shown

Named = Literal["id", "variant_id", "sku"]
By = Literal[Named, "slug"]


@dataclass(frozen=True, slots=True)
class Beholder:
    """For whom products are shown: where, in which language, when, and whether drafts too."""

    channel: str
    locale: str | None
    now: datetime
    drafts: bool = False


# Everything nested leaves PostgreSQL as the JSON that the answer shows. $1 is the key or the keys,
# $2 to $5 are the beholder's channel, locale, time, and whether drafts are shown.
_SUMMARY = """
    p.id, p.version, p.status, p.kind, coalesce(t.slug, p.slug) AS slug, t.locale,
    coalesce(t.title, p.title) AS title, p.vendor, p.product_type, p.tags,
    CAST(o.options AS text) AS options, CAST(v.variants AS text) AS variants,
    CAST(v.price_min AS text) AS price_min, CAST(v.price_max AS text) AS price_max, v.in_stock,
    p.published_at, p.updated_at, CAST(g.media AS text) AS media
"""
_PAGE = """,
    coalesce(t.description, p.description) AS description,
    CAST(p.metadata AS text) AS metadata, p.created_at,
    CASE WHEN t.locale IS NULL THEN p.seo_title ELSE t.seo_title END AS seo_title,
    CASE WHEN t.locale IS NULL THEN p.seo_description ELSE t.seo_description END
        AS seo_description,
    coalesce((SELECT CAST(json_agg(json_build_object('locale', a.locale, 'slug', a.slug)
                                   ORDER BY a.locale) AS text)
     FROM translation a WHERE a.product_id = p.id), '[]') AS alternates,
    coalesce((SELECT CAST(json_agg(json_build_object(
        'id', k.id, 'slug', k.slug, 'name', k.name, 'path', (
            SELECT json_agg(json_build_object('slug', s.slug, 'name', s.name) ORDER BY w.place)
            FROM unnest(k.path) WITH ORDINALITY AS w (id, place) JOIN category s USING (id)
        )) ORDER BY pc.position) AS text)
     FROM product_category pc JOIN category k ON k.id = pc.category_id
     WHERE pc.product_id = p.id), '[]') AS categories
"""
_FROM = """
FROM product p
JOIN channel c ON c.id = $2
LEFT JOIN LATERAL (
    SELECT * FROM translation t WHERE t.product_id = p.id AND t.locale IN (
        coalesce($3, c.locale), split_part(coalesce($3, c.locale), '-', 1))
    ORDER BY length(t.locale) DESC LIMIT 1
) t ON true
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('name', name, 'values', values) ORDER BY position),
                    '[]') AS options,
           coalesce(array_agg(name ORDER BY position), '{}') AS names
    FROM product_option WHERE product_id = p.id
) o
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object(
        'id', id, 'url', url, 'alt', alt, 'width', width, 'height', height,
        'variant_ids', variant_ids) ORDER BY position), '[]') AS media,
           bool_or(variant_ids <> '{}') AS of_variants
    FROM media WHERE product_id = p.id
) g
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object(
        'id', s.id, 'sku', s.sku, 'title', array_to_string(s.option_values, ' / '),
        'options', json_object(o.names, s.option_values), 'barcode', s.barcode,
        'price', s.price, 'compare_at', CASE WHEN s.compare_at > s.amount THEN
            json_build_object('amount', s.compare_at, 'currency', s.currency) END,
        'in_stock', s.in_stock, 'tracked', s.tracked, 'available', s.available,
        'backorder', s.backorder, 'weight_grams', s.weight_grams,
        'requires_shipping', s.requires_shipping, 'taxable', s.taxable, 'tax_code', s.tax_code,
        'image_url', CASE WHEN g.of_variants THEN (
            SELECT m.url FROM media m WHERE m.product_id = p.id AND s.id = ANY(m.variant_ids)
            ORDER BY m.position LIMIT 1) END
    ) ORDER BY s.position), '[]') AS variants,
    -- In the channel's own currency, if anything is; amounts of two currencies have no least.
    CASE WHEN bool_or(s.currency = c.currency)
        THEN json_build_object('amount',
            min(s.amount) FILTER (WHERE s.currency = c.currency), 'currency', c.currency)
        ELSE (array_agg(s.price ORDER BY s.currency, s.amount)
            FILTER (WHERE s.currency <> c.currency))[1] END AS price_min,
    CASE WHEN bool_or(s.currency = c.currency)
        THEN json_build_object('amount',
            max(s.amount) FILTER (WHERE s.currency = c.currency), 'currency', c.currency)
        ELSE (array_agg(s.price ORDER BY s.currency, s.amount DESC)
            FILTER (WHERE s.currency <> c.currency))[1] END AS price_max,
    coalesce(bool_or(s.in_stock), false) AS in_stock
    FROM (
        -- The price of a variant: in the channel's own currency, else in any that it has.
        -- Without a word from inventory a variant is at level 0, and sells on if it may.
        SELECT w.*, r.amount, r.compare_at, r.currency,
            CASE WHEN r.amount IS NOT NULL THEN
                json_build_object('amount', r.amount, 'currency', r.currency) END AS price,
            CASE WHEN w.tracked THEN coalesce(k.available, 0) END AS available,
            r.amount IS NOT NULL AND (NOT w.tracked OR CASE
                WHEN k.variant_id IS NULL THEN w.backorder ELSE k.available > 0 END) AS in_stock
        FROM variant w
        LEFT JOIN stock k ON k.variant_id = w.id
        LEFT JOIN LATERAL (
            SELECT amount, compare_at, currency FROM price
            WHERE variant_id = w.id AND channel = c.id AND valid_from <= $4
              AND (valid_to IS NULL OR valid_to > $4)
            ORDER BY currency = c.currency DESC, currency LIMIT 1
        ) r ON true
        WHERE w.product_id = p.id
    ) s
) v
"""
_ONE: Mapping[By, str] = {
    "id": "p.id = CAST($1 AS uuid)",
    "variant_id": "p.id = (SELECT product_id FROM variant WHERE id = CAST($1 AS uuid))",
    "sku": "p.id = (SELECT product_id FROM variant WHERE sku = CAST($1 AS text))",
    # The words of the locale that is asked for first, then the shop's own, then any.
    "slug": """p.id = (
        SELECT found.id FROM (
            SELECT s.product_id AS id, CASE WHEN s.locale = coalesce($3, (
                SELECT locale FROM channel WHERE id = $2)) THEN 0 ELSE 2 END AS rank
            FROM translation s WHERE s.slug = CAST($1 AS text)
            UNION ALL SELECT id, 1 FROM product WHERE slug = CAST($1 AS text)
        ) found ORDER BY found.rank LIMIT 1)""",
}
_SEVERAL: Mapping[Named, str] = {
    "id": "p.id = ANY(CAST($1 AS uuid[]))",
    "variant_id": "p.id IN (SELECT product_id FROM variant WHERE id = ANY(CAST($1 AS uuid[])))",
    "sku": "p.id IN (SELECT product_id FROM variant WHERE sku = ANY(CAST($1 AS text[])))",
}
_VISIBLE = "(p.status = 'active' OR $5)"
_PAGES = {
    by: f"SELECT {_SUMMARY}{_PAGE} {_FROM} WHERE {one} AND {_VISIBLE}" for by, one in _ONE.items()
}
_SUMMARIES = {
    by: f"SELECT {_SUMMARY} {_FROM} WHERE {several} AND {_VISIBLE}"
    for by, several in _SEVERAL.items()
}
_JSON = frozenset(
    (
        *("options", "variants", "media", "price_min", "price_max"),
        *("alternates", "categories", "metadata"),
    )
)


async def product_page(
    connection: AsyncConnection, by: By, key: UUID | str, beholder: Beholder
) -> Shown[ProductPage]:
    """The product of this id, variant, SKU or slug; `NoSuchProduct` if there is none to be seen."""
    rows = await connection.exec_driver_sql(_PAGES[by], (key, *_parameters(beholder)))
    row = rows.mappings().one_or_none()
    if row is None:
        raise NoSuchProduct
    return _shown(row)


async def product_summaries(
    connection: AsyncConnection, by: Named, keys: Sequence[UUID | str], beholder: Beholder
) -> list[Shown[ProductSummary]]:
    """The products of these keys; in the order of the keys, if these are ids."""
    if not keys:
        return []
    found = await connection.exec_driver_sql(_SUMMARIES[by], (list(keys), *_parameters(beholder)))
    places: dict[UUID | str, int] = {key: place for place, key in enumerate(keys)}
    rows = sorted(found.mappings(), key=lambda row: places.get(row["id"], len(places)))
    return [_shown(row) for row in rows]


def _parameters(beholder: Beholder) -> tuple[object, ...]:
    return beholder.channel, beholder.locale, beholder.now, beholder.drafts


def _shown(row: RowMapping) -> Shown[Any]:
    return Shown(
        {
            str(name): orjson.Fragment(value) if name in _JSON and value is not None else value
            for name, value in row.items()
        }
    )
