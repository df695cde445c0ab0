"""Products as a shop shows them: any number of them, whole, by one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar, get_args
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model.product import NoSuchProduct
from catalog.views.shapes import ProductPage, ProductSummary
from wareflow_events.schemas.shapes import Money

P = TypeVar("P", bound=ProductSummary)

By = Literal["id", "variant_id", "sku", "slug"]


@dataclass(frozen=True, slots=True)
class Beholder:
    """For whom products are shown: where, in which language, when, and whether drafts too."""

    channel: str
    locale: str | None
    now: datetime
    drafts: bool = False


# The price of a variant: in the channel's own currency, else in any that it has.
# Without a word from inventory a variant is at level 0, and sells on if it may.
_SUMMARY = """
    p.id, p.version, p.status, p.kind, coalesce(t.slug, p.slug) AS slug, t.locale,
    coalesce(t.title, p.title) AS title, p.vendor, p.product_type, p.tags,
    p.published_at, p.updated_at, c.currency AS sold_in, o.options,
    coalesce((SELECT json_agg(json_build_object(
        'id', v.id, 'sku', v.sku, 'title', array_to_string(v.option_values, ' / '),
        'options', json_object(o.names, v.option_values), 'barcode', v.barcode,
        'amount', pr.amount, 'compare_at', pr.compare_at, 'currency', pr.currency,
        'tracked', v.tracked, 'backorder', v.backorder,
        'available', CASE WHEN v.tracked THEN coalesce(st.available, 0) END,
        'in_stock', pr.amount IS NOT NULL AND (NOT v.tracked OR CASE
            WHEN st.variant_id IS NULL THEN v.backorder ELSE st.available > 0 END),
        'weight_grams', v.weight_grams, 'requires_shipping', v.requires_shipping,
        'taxable', v.taxable, 'tax_code', v.tax_code
     ) ORDER BY v.position)
     FROM variant v
     LEFT JOIN stock st ON st.variant_id = v.id
     LEFT JOIN LATERAL (
        SELECT pr.amount, pr.compare_at, pr.currency FROM price pr
        WHERE pr.variant_id = v.id AND pr.channel = c.id AND pr.valid_from <= :now
          AND (pr.valid_to IS NULL OR pr.valid_to > :now)
        ORDER BY pr.currency = c.currency DESC, pr.currency LIMIT 1
     ) pr ON true
     WHERE v.product_id = p.id), '[]') AS variants,
    coalesce((SELECT json_agg(json_build_object(
        'id', m.id, 'url', m.url, 'alt', m.alt, 'width', m.width, 'height', m.height,
        'variant_ids', m.variant_ids) ORDER BY m.position)
     FROM media m WHERE m.product_id = p.id), '[]') AS media
"""
_PAGE = """,
    coalesce(t.description, p.description) AS description, p.metadata, p.created_at,
    CASE WHEN t.locale IS NULL THEN p.seo_title ELSE t.seo_title END AS seo_title,
    CASE WHEN t.locale IS NULL THEN p.seo_description ELSE t.seo_description END
        AS seo_description,
    coalesce((SELECT json_agg(json_build_object('locale', a.locale, 'slug', a.slug)
                              ORDER BY a.locale)
     FROM translation a WHERE a.product_id = p.id), '[]') AS alternates,
    coalesce((SELECT json_agg(json_build_object(
        'id', k.id, 'slug', k.slug, 'name', k.name, 'path', (
            SELECT json_agg(json_build_object('slug', s.slug, 'name', s.name) ORDER BY w.place)
            FROM unnest(k.path) WITH ORDINALITY AS w (id, place) JOIN category s USING (id)
        )) ORDER BY pc.position)
     FROM product_category pc JOIN category k ON k.id = pc.category_id
     WHERE pc.product_id = p.id), '[]') AS categories
"""
_FROM = """
FROM product p
JOIN channel c ON c.id = :channel
LEFT JOIN LATERAL (
    SELECT * FROM translation t WHERE t.product_id = p.id AND t.locale IN (
        coalesce(:locale, c.locale), split_part(coalesce(:locale, c.locale), '-', 1))
    ORDER BY length(t.locale) DESC LIMIT 1
) t ON true
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('name', name, 'values', values) ORDER BY position),
                    '[]') AS options,
           coalesce(array_agg(name ORDER BY position), '{}') AS names
    FROM product_option WHERE product_id = p.id
) o
"""
_CHOSEN = {
    "id": "p.id = ANY(CAST(:keys AS uuid[]))",
    "variant_id": "p.id IN (SELECT product_id FROM variant WHERE id = ANY(CAST(:keys AS uuid[])))",
    "sku": "p.id IN (SELECT product_id FROM variant WHERE sku = ANY(CAST(:keys AS text[])))",
    # The words of the locale that is asked for first, then the shop's own, then any.
    "slug": """p.id = (
        SELECT found.id FROM (
            SELECT s.product_id AS id, CASE WHEN s.locale = coalesce(:locale, (
                SELECT locale FROM channel WHERE id = :channel)) THEN 0 ELSE 2 END AS rank
            FROM translation s WHERE s.slug = ANY(CAST(:keys AS text[]))
            UNION ALL SELECT id, 1 FROM product WHERE slug = ANY(CAST(:keys AS text[]))
        ) found ORDER BY found.rank LIMIT 1)""",
}
_JSON = ("options", "variants", "media", "alternates", "categories")


def _statement(by: By, *, page: bool) -> Any:
    columns = _SUMMARY + (_PAGE if page else "")
    visible = "AND (p.status = 'active' OR :drafts)"
    statement = text(f"SELECT {columns} {_FROM} WHERE {_CHOSEN[by]} {visible}")
    parts = _JSON if page else _JSON[:3]
    return statement.columns(**{name: JSON() for name in parts})


_PAGES = {by: _statement(by, page=True) for by in get_args(By)}
_SUMMARIES = {by: _statement(by, page=False) for by in get_args(By)}


async def product_page(
    session: AsyncSession, by: By, key: UUID | str, beholder: Beholder
) -> ProductPage:
    """The product of this id, variant, SKU or slug; `NoSuchProduct` if there is none to be seen."""
    rows = await session.execute(_PAGES[by], _parameters([key], beholder))
    row = rows.mappings().one_or_none()
    if row is None:
        raise NoSuchProduct
    return _shown(ProductPage, _plain(row))


async def product_summaries(
    session: AsyncSession, by: By, keys: Sequence[UUID | str], beholder: Beholder
) -> list[ProductSummary]:
    """The products of these keys; in the order of the keys, if these are ids."""
    if not keys:
        return []
    rows = await session.execute(_SUMMARIES[by], _parameters(keys, beholder))
    shown = [_shown(ProductSummary, _plain(row)) for row in rows.mappings()]
    places: dict[UUID | str, int] = {key: place for place, key in enumerate(keys)}
    return sorted(shown, key=lambda product: places.get(product.id, len(places)))


def _plain(row: RowMapping) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


def _parameters(keys: Sequence[UUID | str], beholder: Beholder) -> dict[str, object]:
    return {
        "keys": list(keys),
        "channel": beholder.channel,
        "locale": beholder.locale,
        "now": beholder.now,
        "drafts": beholder.drafts,
    }


def _shown(kind: type[P], row: dict[str, Any]) -> P:
    media: list[dict[str, Any]] = row["media"]
    images = {vid: m["url"] for m in reversed(media) for vid in m["variant_ids"]}
    variants = [_variant(variant, images) for variant in row["variants"]]
    prices: list[Money] = [variant["price"] for variant in variants if variant["price"]]
    # In the channel's own currency, if anything is; amounts of two currencies have no least.
    currency = min((p.currency for p in prices), key=lambda c: (c != row["sold_in"], c), default="")
    same = [price for price in prices if price.currency == currency]
    fields = row | {
        "variants": variants,
        "price_min": min(same, default=None),
        "price_max": max(same, default=None),
        "in_stock": any(variant["in_stock"] for variant in variants),
    }
    return kind.model_validate(fields)


def _variant(row: dict[str, Any], images: Mapping[str, str]) -> dict[str, Any]:
    return row | {
        "price": _money(row["amount"], row["currency"]),
        "compare_at": (
            _money(row["compare_at"], row["currency"])
            if (row["compare_at"] or 0) > (row["amount"] or 0)
            else None
        ),
        "image_url": images.get(row["id"]),
    }


def _money(amount: int | None, currency: str) -> Money | None:
    return None if amount is None else Money(amount=amount, currency=currency)
